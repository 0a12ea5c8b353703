"""A small battery on Modbus TCP that can fall silent in the middle of a write: stubborn_battery.py MANNER

deaf    takes a write, does not do it, and answers nothing any more
struck  does a write and answers nothing any more
fair    does and answers everything
clings  does and answers everything, but to go back to 0 it is deaf
lost    nothing that is sent arrives

Each line of standard input is a manner from then on. Prints "port N", then "read ADDRESS COUNT" and "write ADDRESS VALUE"
for each request when it came, "now VALUE" when 110 changed, and the manner when it changed. Registers: 100 state
of charge in percent, 101 power in W (positive when charging), 110 power to charge with in W, 0 for the usual programme.
"""

import socket
import socketserver
import struct
import sys
import threading

manner = sys.argv[1]
silent = False
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
    if manner == "deaf" or (manner == "clings" and value == 0):
        silent = True
    else:
        registers[110] = registers[101] = value
        silent = manner == "struck"
        print("now", value, flush=True)
    return struct.pack(">BHH", 6, address, value)


def answer(function: int, body: bytes) -> bytes | None:
    """The PDU of the answer; None keeps the line silent."""
    with lock:
        if manner == "lost":
            return None
        if function not in (3, 6) or len(body) != 4:
            return bytes([function | 0x80, 1])
        reply = (read if function == 3 else write)(*struct.unpack(">HH", body))
        return None if silent else reply


class Connection(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        try:
            while True:
                transaction, _, length, unit = struct.unpack(">HHHB", take(7, self.request))
                body = take(length - 1, self.request)
                reply = answer(body[0], body[1:])
                if reply is not None:
                    self.request.sendall(struct.pack(">HHHB", transaction, 0, len(reply) + 1, unit) + reply)
        except OSError:
            return


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


threading.Thread(target=listen, daemon=True).start()
with Server(("127.0.0.1", 0), Connection) as server:
    print("port", server.server_address[1], flush=True)
    server.serve_forever()
