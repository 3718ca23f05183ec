"""From an issue's posts and books to subject, HTML and text: Jinja2, premailer, fit to size, lint, preview."""
