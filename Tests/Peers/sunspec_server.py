"""A pymodbus server with the registers of a captured device: sunspec_server.py REGISTERS.json UNIT

Prints "port N" when it listens. Addresses outside the capture are refused as the device does.
"""

import asyncio
import json
import sys

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice


async def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        capture = json.load(file)
    block = SimData(address=capture["start"], values=capture["registers"], datatype=DataType.REGISTERS)
    server = ModbusTcpServer(SimDevice(id=int(sys.argv[2]), simdata=[block]), address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    print("port", server.transport.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
