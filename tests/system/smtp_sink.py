#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""smtp_sink.py - a real SMTP server (aiosmtpd) that keeps every message as it arrived

Takes   DIR, and --mode: ok; tempfail (451 to DATA); refuse (550 to RCPT); drop (takes DATA, closes without an answer);
        --fail N: the first N messages get that mode, then ok.  --tls CERT KEY: offers STARTTLS.  --auth USER PASSWORD: demands AUTH.
Gives   on standard output "READY PORT", then a line per message: "MAIL SECONDS RCPT PATH" (SECONDS: monotonic clock at the end of DATA).
"""
import argparse
import asyncio
import ssl
import sys
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Keeper:
    def __init__(self, args):
        self.dir, self.mode, self.fail, self.n = Path(args.dir), args.mode, args.fail, 0

    def failing(self):
        if self.mode == "ok":
            return False
        if self.fail is None:
            return True
        self.fail -= 1
        return self.fail >= 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.mode == "refuse" and self.failing():
            return "550 5.1.1 no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.mode == "tempfail" and self.failing():
            return "451 4.3.0 try again later"
        if self.mode == "drop" and self.failing():
            server.transport.abort()
            return "451 gone"
        self.n += 1
        path = self.dir / f"{self.n:04d}.eml"
        path.write_bytes(envelope.original_content)
        print("MAIL", f"{time.monotonic():.6f}", ",".join(envelope.rcpt_tos), path, flush=True)
        return f"250 2.0.0 Ok: kept as {self.n:04d}"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("dir")
    p.add_argument("--mode", default="ok", choices=["ok", "tempfail", "refuse", "drop"])
    p.add_argument("--fail", type=int)
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--tls", nargs=2)
    p.add_argument("--auth", nargs=2)
    args = p.parse_args()
    Path(args.dir).mkdir(parents=True, exist_ok=True)
    keeper, options = Keeper(args), {}
    if args.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*args.tls)
        options.update(tls_context=context, require_starttls=True)
    if args.auth:
        def check(server, session, envelope, mechanism, data):
            ok = isinstance(data, LoginPassword) and [data.login.decode(), data.password.decode()] == args.auth
            return AuthResult(success=ok, handled=ok)
        options.update(authenticator=check, auth_required=True, auth_require_tls=bool(args.tls))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    factory = lambda: SMTP(keeper, hostname="sink.example.test", loop=loop, **options)
    server = loop.run_until_complete(loop.create_server(factory, "127.0.0.1", args.port))
    print("READY", server.sockets[0].getsockname()[1], flush=True)
    loop.run_forever()


try:
    main()
except (KeyboardInterrupt, BrokenPipeError):
    sys.exit(0)
