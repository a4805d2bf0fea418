"""The package `mcp`."""

import mcp
from mcp.client.sse import sse_client

from check import arguments, check, run


async def decline(context, params):
    return mcp.types.ElicitResult(action="decline")


async def main():
    transport, mode, target, command = arguments()
    if transport == "stdio":
        server = mcp.StdioServerParameters(command=command[0], args=command[1:])
    elif transport == "sse":
        server = sse_client(target)
    else:
        server = target
    async with mcp.Client(server, mode=mode, elicitation_callback=decline) as client:
        await check(client, lambda: client.protocol_version)


run(main)
