// nodemailer's pool as a contender: node send.js message|raw LETTER PORT CONNECTIONS MESSAGES
// "message" lets it build the MIME from subject, HTML and text, as its users do; "raw" hands it finished bytes.
// It is asked for two messages a connection at a time, so that its queue is never empty and never long.

const fs = require("fs");
const readline = require("readline");
const nodemailer = require("nodemailer");

const [way, file, port, connections, messages] = process.argv.slice(2);
const letter = JSON.parse(fs.readFileSync(file, "utf-8"));
const raw = Buffer.from(letter.raw, "ascii");

const pool = nodemailer.createTransport({
  pool: true,
  host: "127.0.0.1",
  port: Number(port),
  secure: false,
  ignoreTLS: true,
  maxConnections: Number(connections),
  maxMessages: Infinity,
  dkim: letter.key ? { domainName: letter.domain, keySelector: letter.selector, privateKey: letter.key } : undefined,
});

function mailTo(reader) {
  if (way === "raw") return { envelope: { from: letter.sender, to: [reader] }, raw };
  return {
    envelope: { from: letter.sender, to: [reader] },
    from: letter.from,
    to: reader,
    subject: letter.subject,
    html: letter.html,
    text: letter.text,
  };
}

let next = 0;
let sent = 0;

async function sendSome() {
  while (next < Number(messages)) {
    const number = next++;
    await pool.sendMail(mailTo(`reader${number}@reader${number % 100}.example`));
    sent++;
  }
}

async function work() {
  const cpu = process.cpuUsage();
  const begun = process.hrtime.bigint();
  await Promise.all(Array.from({ length: 2 * Number(connections) }, sendSome));
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  const used = process.cpuUsage(cpu);
  pool.close();
  return { seconds, cpu_seconds: (used.user + used.system) / 1e6, messages: sent };
}

console.log(JSON.stringify({ ready: true }));
const input = readline.createInterface({ input: process.stdin });
input.once("line", async () => console.log(JSON.stringify(await work())));
