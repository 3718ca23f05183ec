"""The relay as sending sees it: how to reach it, how fast it may be used, and whether it is there at all."""

import asyncio
import ipaddress
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from dispatch.config.settings import Carried, Relay, Settings
from dispatch.delivering.rules import rest_after_problem
from dispatch.delivering.waits import pause, unless
from dispatch.errors import RelayError, RelaySetupError
from dispatch.model.delivery import DeliveryKind
from dispatch.transport.access import RelayAccess
from dispatch.transport.session import SmtpSession

logger = logging.getLogger(__name__)

# Where somebody waits for the end of a run, so many failed connections in a row are an answer.
GIVE_UP_AFTER = 3
# Some relays allow fewer connections than we want; one that is one too many is not tried again sooner.
CONNECTION_REST = 30.0


_CARRIED_AS: Mapping[DeliveryKind, Carried] = {
    DeliveryKind.DIGEST: "digests",
    DeliveryKind.LETTER: "letters",
    DeliveryKind.SHARE: "shares",
    DeliveryKind.SERVICE: "service",
}


@dataclass(frozen=True, slots=True)
class Road:
    """A relay, and the kinds of delivery that go over it."""

    name: str
    relay: Relay
    kinds: frozenset[DeliveryKind]


def roads(settings: Settings) -> list[Road]:
    """The relays that mail goes over, that of the digests first; raises RelayError if no relay carries those.

    Each kind goes over the first relay that carries it. Service mail that none names goes where the digests go, because
    somebody waits for it.
    """
    main, _ = relay_for(settings, "digests")
    ways = {kind: _first_with(settings, carried) for kind, carried in _CARRIED_AS.items()}
    ways[DeliveryKind.SERVICE] = ways[DeliveryKind.SERVICE] or main
    names = sorted({name for name in ways.values() if name}, key=lambda name: name != main)
    return [
        Road(name, settings.relays[name], frozenset(kind for kind, way in ways.items() if way == name))
        for name in names
    ]


def _first_with(settings: Settings, carried: Carried) -> str | None:
    return next((name for name, relay in settings.relays.items() if carried in relay.carries), None)


def relay_for(settings: Settings, carried: Carried) -> tuple[str, Relay]:
    """The first relay that carries this kind of mail, with its name; raises RelayError if there is none."""
    name = _first_with(settings, carried)
    if name is not None:
        return name, settings.relays[name]
    raise RelayError(f'no relay carries {carried}: add a table like [relays.main] with carries = ["{carried}"]')


def access_to(settings: Settings, name: str) -> RelayAccess:
    """How to reach a relay; reads its password, and raises ConfigurationError if that is not there."""
    relay = settings.relays[name]
    return RelayAccess(
        name=name,
        host=relay.host,
        port=relay.port,
        security=relay.security,
        greeting_name=_greeting_name(settings.web.public_url),
        username=relay.username,
        password=relay.password.read() if relay.password else None,
    )


class RelayHealth:
    """Whether the relay answers. All connections share it: while it does not, one at a time tries.

    With `gives_up` it sets `over` once the relay is not worth waiting for, and `gave_up_for` says why; else it goes on
    for ever. `problem` is what is the matter at the moment, which may pass.
    """

    def __init__(self, access: RelayAccess, over: asyncio.Event, *, gives_up: bool) -> None:
        self.problem: RelayError | None = None
        self.gave_up_for: RelayError | None = None
        self.sessions: set[SmtpSession] = set()
        self._loop = asyncio.get_running_loop()
        self._access = access
        self._over = over
        self._gives_up = gives_up
        self._probing = asyncio.Lock()
        self._is_good = False  # until the first connection stands: a wrong password is tried once, not ten times
        self._failures = 0
        self._rests_until = 0.0

    async def is_open(self) -> bool:
        """Wait while the relay rests; False once it is over."""
        while not self._over.is_set() and self._rest() > 0:
            await pause(self._over, self._rest())
        return not self._over.is_set()

    async def connected(self) -> SmtpSession | None:
        """A new connection; None if there is none to be had now (then `stand_aside` before asking again)."""
        if not self._is_good:
            async with self._probing:
                # Whoever held the lock before may have failed or succeeded meanwhile.
                if self._rest() > 0:
                    return None
                if not self._is_good:
                    return await unless(self._over, self._connect())
        return await unless(self._over, self._connect())

    async def stand_aside(self) -> None:
        """Wait where others are connected: it is not the relay that is too little, but our connection too much."""
        if self._others_are_connected():
            await pause(self._over, CONNECTION_REST)

    def refuses(self, reply: str) -> None:
        """It has let us in and taken nothing for so long that it is not worth waiting for it here."""
        self._give_up_for(RelayError(f"{self._access.place} takes nothing: it answers {reply}"))

    def forget(self, session: SmtpSession) -> None:
        """A connection is gone."""
        self.sessions.discard(session)

    async def _connect(self) -> SmtpSession | None:
        session = SmtpSession(self._access)
        wave = self._failures
        try:
            await session.connect()
        except RelayError as error:
            # Connections that were tried together fail together: that is one failure.
            if wave == self._failures:
                self._failed(error)
            return None
        if self._failures:
            logger.info("%s can be used again", self._access.place)
        self._is_good, self._failures, self._rests_until, self.problem = True, 0, 0.0, None
        self.sessions.add(session)
        return session

    def _failed(self, error: RelayError) -> None:
        needs_somebody = isinstance(error, RelaySetupError)
        if self._others_are_connected() and not needs_somebody:
            return
        self._is_good = False
        self._failures += 1
        if self._failures == 1:
            logger.warning("%s; deliveries wait", error)
        self.problem = error
        if needs_somebody or self._failures >= GIVE_UP_AFTER:
            self._give_up_for(error)
        self._rest_for(rest_after_problem(self._failures, needs_somebody=needs_somebody).total_seconds())

    def _give_up_for(self, problem: RelayError) -> None:
        # A run that is over already has not ended for this.
        if self._gives_up and not self._over.is_set():
            self.gave_up_for = problem
            self._over.set()

    def _others_are_connected(self) -> bool:
        return any(session.is_connected for session in self.sessions)

    def _rest(self) -> float:
        return self._rests_until - self._loop.time()

    def _rest_for(self, seconds: float) -> None:
        self._rests_until = max(self._rests_until, self._loop.time() + seconds)


def _greeting_name(public_url: str) -> str:
    """What we call ourselves in EHLO: the name readers know, an address as a literal (RFC 5321 §4.1.3)."""
    host = urlsplit(public_url).hostname or "localhost"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"
