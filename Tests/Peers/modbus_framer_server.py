"""A Modbus server of pymodbus with RTU frames in TCP or UDP: modbus_framer_server.py tcp|udp

Unit 1, 300 holding registers whose values are their addresses. Prints "port N" when it listens.
"""

import asyncio
import logging
import socket
import sys

from pymodbus import FramerType
from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import ModbusTcpServer, ModbusUdpServer

logging.disable(logging.CRITICAL)


def free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def main() -> None:
    is_udp = sys.argv[1] == "udp"
    block = ModbusSequentialDataBlock(1, list(range(300)))
    context = ModbusServerContext(devices={1: ModbusDeviceContext(hr=block)}, single=False)
    port = free_port(socket.SOCK_DGRAM if is_udp else socket.SOCK_STREAM)
    kind = ModbusUdpServer if is_udp else ModbusTcpServer
    server = kind(context, framer=FramerType.RTU, address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    print(f"port {port}", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
