"""A small battery on Modbus TCP that can fall silent in the middle of a write: stubborn_battery.py MANNER

deaf    takes a write, does not do it, and answers nothing any more
struck  does a write and answers nothing any more
fair    does and answers everything
clings  does and answers everything, but to go back to 0 it is deaf
lost    nothing that is sent arrives
ignores answers everything and does nothing
late    does what it is told a second after its answer
half    does half of it
forgets goes back to 0 three seconds after the first write, and is fair from then on
reboots a second after the first write it starts again, away for two seconds and with 0, and is fair from then on
refuses answers a write with exception 4
slow    does everything, but takes 700 ms for each answer

Each line of standard input is a manner from then on. Prints "port N", then "read ADDRESS COUNT" and "write ADDRESS VALUE"
for each request when it came, "now VALUE" when 110 changed, and the manner when it changed. Registers: 100 state
of charge in percent, 101 power in W (positive when charging), 110 power to charge with in W, 0 for the usual programme.
"""

import socket
import socketserver
import struct
import sys
import threading
import time

manner = sys.argv[1]
silent = False
away_until = 0.0
connections: set[socket.socket] = set()
registers = {100: 50, 101: 0, 110: 0}
lock = threading.Lock()


def listen() -> None:
    global manner, silent
    for line in sys.stdin:
        with lock:
            manner, silent = line.strip(), False
            print(manner, flush=True)


def take(size: int, connection: socket.socket) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


def read(address: int, count: int) -> bytes:
    print("read", address, count, flush=True)
    wanted = range(address, address + count)
    if any(register not in registers for register in wanted):
        return bytes([0x83, 2])
    words = [registers[register] for register in wanted]
    return struct.pack(f">BB{count}H", 3, 2 * count, *words)


def write(address: int, value: int) -> bytes:
    global silent
    if address != 110:
        return bytes([0x86, 2])
    print("write", address, value, flush=True)
    if manner == "refuses":
        return bytes([0x86, 4])
    if manner == "deaf" or (manner == "clings" and value == 0):
        silent = True
    elif manner == "late":
        after(1, lambda: become(value))
    elif manner != "ignores":
        become(value // 2 if manner == "half" else value)
        silent = manner == "struck"
    if manner == "forgets":
        after(3, lambda: become(0, "fair"))
    elif manner == "reboots":
        after(1, restart)
    return struct.pack(">BHH", 6, address, value)


def become(value: int, next_manner: str | None = None) -> None:
    global manner
    registers[110] = registers[101] = value
    manner = next_manner or manner
    print("now", value, flush=True)


def after(seconds: float, action) -> None:
    def act() -> None:
        with lock:
            action()

    threading.Timer(seconds, act).start()


def restart() -> None:
    global away_until
    away_until = time.monotonic() + 2
    become(0, "fair")
    for connection in list(connections):
        connection.shutdown(socket.SHUT_RDWR)


def answer(function: int, body: bytes) -> bytes | None:
    """The PDU of the answer; None keeps the line silent."""
    if manner == "slow":
        time.sleep(0.7)
    with lock:
        if manner == "lost":
            return None
        if function not in (3, 6) or len(body) != 4:
            return bytes([function | 0x80, 1])
        reply = (read if function == 3 else write)(*struct.unpack(">HH", body))
        return None if silent else reply


class Connection(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        if time.monotonic() < away_until:
            return
        connections.add(self.request)
        try:
            while True:
                transaction, _, length, unit = struct.unpack(">HHHB", take(7, self.request))
                body = take(length - 1, self.request)
                reply = answer(body[0], body[1:])
                if reply is not None:
                    self.request.sendall(struct.pack(">HHHB", transaction, 0, len(reply) + 1, unit) + reply)
        except OSError:
            return
        finally:
            connections.discard(self.request)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


threading.Thread(target=listen, daemon=True).start()
with Server(("127.0.0.1", 0), Connection) as server:
    print("port", server.server_address[1], flush=True)
    server.serve_forever()
