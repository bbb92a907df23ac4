#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""hook_sink.py - a webhook receiver that checks Standard Webhooks signatures and keeps every request

Takes   DIR SECRET ("whsec_..."), --status N to answer (default 204), --fail N: the first N requests get 503.
Gives   "READY PORT", then a line per request: "HOOK SECONDS good|bad|unsigned WEBHOOK-ID PATH".
"""
import argparse
import base64
import hashlib
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

p = argparse.ArgumentParser()
p.add_argument("dir")
p.add_argument("secret")
p.add_argument("--status", type=int, default=204)
p.add_argument("--fail", type=int, default=0)
args = p.parse_args()
Path(args.dir).mkdir(parents=True, exist_ok=True)
key = base64.b64decode(args.secret.removeprefix("whsec_"))
seen = 0


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        global seen
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        ident, stamp = self.headers.get("webhook-id", ""), self.headers.get("webhook-timestamp", "")
        want = "v1," + base64.b64encode(hmac.new(key, f"{ident}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
        given = self.headers.get("webhook-signature")
        word = "unsigned" if given is None else "good" if want in given.split() and abs(time.time() - int(stamp)) < 300 else "bad"
        seen += 1
        path = Path(args.dir) / f"{seen:04d}.json"
        path.write_text(json.dumps({"headers": dict(self.headers), "path": self.path, "body": body.decode("utf-8", "replace")}))
        self.send_response(503 if seen <= args.fail else args.status)
        self.send_header("Content-Length", "0")
        self.end_headers()
        print("HOOK", f"{time.monotonic():.6f}", word, ident or "-", path, flush=True)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Receiver)
print("READY", server.server_port, flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    sys.exit(0)
