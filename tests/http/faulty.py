"""A way to a server on which things go wrong as a script says; it prints its port, and is told the server's.

A rule is an object: `match` (the beginning of ``METHOD /path?query``, or a part of it after ``*``), `fault`, and if
wanted `skip` (so many matching requests pass first), `times` (so many meet it; default 1), and what the fault needs.
"""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

UPSTREAM = [0]
LOCK = threading.Lock()
RULES: list[dict] = []
SEEN: list[str] = []
KEPT: dict[str, bytes] = {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def handle_any(self):
        body = self.read_body()
        if self.path == '/__script':
            with LOCK:
                RULES[:] = [{'skip': 0, 'times': 1, **rule} for rule in json.loads(body)]
                SEEN.clear()
            return self.answer(200, {}, b'null')
        if self.path == '/__upstream':
            UPSTREAM[:] = [json.loads(body)]
            return self.answer(200, {}, b'null')
        if self.path == '/__seen':
            return self.answer(200, {}, json.dumps(SEEN).encode())
        line = f'{self.command} {self.path}'
        rule = self.rule_for(line)
        with LOCK:
            SEEN.append(f'{line} {rule["fault"]}' if rule else line)
        fault = getattr(self, f'fault_{rule["fault"]}') if rule else self.pass_on
        return fault(body, rule) if rule else fault(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any

    def rule_for(self, line):
        with LOCK:
            for rule in RULES:
                wanted = rule['match']
                hit = wanted[1:] in line if wanted.startswith('*') else line.startswith(wanted)
                if not hit or rule['times'] <= 0:
                    continue
                if rule['skip'] > 0:
                    rule['skip'] -= 1
                    continue
                rule['times'] -= 1
                return rule
        return None

    def read_body(self):
        if self.headers.get('Transfer-Encoding') == 'chunked':
            parts = []
            while size := int(self.rfile.readline().strip(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b''.join(parts)
        return self.rfile.read(int(self.headers.get('Content-Length') or 0))

    def ask(self, body, headers=None, path=None):
        """Ask the server, as the client asked."""
        connection = http.client.HTTPConnection('127.0.0.1', UPSTREAM[0], timeout=60)
        given = {name: value for name, value in self.headers.items() if name.lower() != 'transfer-encoding'}
        given.update(headers or {})
        given['Content-Length'] = str(len(body))
        connection.request(self.command, path or self.path, body, given)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        skipped = {'content-length', 'transfer-encoding', 'connection', 'date', 'server'}
        return answer.status, {k: v for k, v in answer.getheaders() if k.lower() not in skipped}, content

    def answer(self, status, headers, content, length=None):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header('Content-Length', str(len(content) if length is None else length))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(content)
        self.wfile.flush()

    def pass_on(self, body):
        self.answer(*self.ask(body))

    def reset(self):
        """Break the connection off at once, as a machine that goes down does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.connection.close()

    # -- faults -------------------------------------------------------------------------------------------

    def fault_reset(self, body, rule):
        self.reset()

    def fault_lose_answer(self, body, rule):
        self.ask(body)
        self.reset()

    def fault_slow_answer(self, body, rule):
        self.ask(body)
        time.sleep(rule['seconds'])
        self.reset()

    def fault_reset_mid_body(self, body, rule):
        status, headers, content = self.ask(body)
        self.answer(status, headers, content[: len(content) // 2], len(content))
        time.sleep(0.05)  # a reset would take along what is still on its way
        self.reset()

    def fault_stall(self, body, rule):
        status, headers, content = self.ask(body)
        self.answer(status, headers, content[: len(content) // 2], len(content))
        time.sleep(rule['seconds'])
        self.close_connection = True

    def fault_truncate(self, body, rule):
        """End the body early; `honest`: the length that is told is the shortened one."""
        status, headers, content = self.ask(body)
        half = content[: len(content) // 2]
        self.answer(status, headers, half, len(half) if rule['honest'] else len(content))
        self.close_connection = True

    def fault_status(self, body, rule):
        headers = {'Retry-After': rule['after']} if 'after' in rule else {}
        self.answer(
            rule['status'],
            {**headers, 'Content-Type': 'application/json'},
            b'{"detail": "as the script says"}',
        )

    def fault_done_but(self, body, rule):
        """Do it, and answer with a failure."""
        self.ask(body)
        self.answer(rule['status'], {}, b'')

    def fault_corrupt(self, body, rule):
        status, headers, content = self.ask(body)
        middle = len(content) // 2
        self.answer(
            status, headers, content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]
        )

    def fault_short_write(self, body, rule):
        """Let the server have only the first half of a chunk; it says so by its offset."""
        boundary = b'--' + self.headers['Content-Type'].partition('boundary=')[2].encode()
        start, _, rest = self.headers['Content-Range'].removeprefix('bytes ').partition('-')
        head, mark, tail = body.rpartition(b'\r\n' + boundary + b'--')
        at = head.index(b'\r\n\r\n', head.index(b'filename=')) + 4
        content = head[at:]
        half = content[: len(content) // 2]
        told = f'bytes {start}-{int(start) + len(half) - 1}/{rest.partition("/")[2]}'
        self.answer(*self.ask(head[:at] + half + mark + tail, {'Content-Range': told}))

    def fault_repeat_page(self, body, rule):
        """Answer with the rows of the page before, and send on to the next page all the same."""
        status, headers, content = self.ask(body)
        page = json.loads(content)
        earlier = self.ask(body, path=self.path.replace(rule['this'], rule['other']))[2]
        page['results'] = json.loads(earlier)['results'] + page['results']
        self.answer(status, headers, json.dumps(page).encode())

    def fault_foreign_url(self, body, rule):
        """Say that what follows goes to another server."""
        status, headers, content = self.ask(body)
        told = json.loads(content)
        told['url'] = told['url'].replace('127.0.0.1', 'localhost')
        self.answer(status, headers, json.dumps(told).encode())

    def fault_redirect(self, body, rule):
        self.answer(rule.get('status', 302), {'Location': rule['to']}, b'')

    def fault_record(self, body, rule):
        """Answer with the headers that came."""
        self.answer(200, {'Content-Type': 'application/json'}, json.dumps(dict(self.headers)).encode())


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


def main() -> None:
    server = Server(('127.0.0.1', 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever(poll_interval=0.05)


if __name__ == '__main__':
    main()
