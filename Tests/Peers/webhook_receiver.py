"""A receiver of webhooks that checks signatures after Standard Webhooks with Python's own HMAC.

The secrets are read from a file anew with every message. Prints one line for each message.
"""
import base64
import hashlib
import hmac
import http.server
import json
import sys
import time

SECRETS = sys.argv[1]


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        sent_at = self.headers["webhook-timestamp"]
        content = self.headers["webhook-id"].encode() + b"." + sent_at.encode() + b"." + body
        given = self.headers["webhook-signature"].split(" ")
        with open(SECRETS, encoding="ascii") as file:
            secrets = file.read().split()
        valid = 0
        for secret in secrets:
            key = base64.b64decode(secret.removeprefix("whsec_"))
            wanted = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
            valid += any(hmac.compare_digest(wanted, one) for one in given)
        fresh = abs(time.time() - int(sent_at)) < 300
        event = json.loads(body)
        print("got", event["type"], self.headers["webhook-id"], "valid", valid, "of", len(given), "fresh", fresh, flush=True)
        self.send_response(204 if valid and fresh else 401)
        self.end_headers()

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print("port", server.server_address[1], flush=True)
server.serve_forever()
