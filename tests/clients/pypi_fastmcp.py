"""The package `fastmcp`."""

from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import SSETransport, StdioTransport, StreamableHttpTransport

from check import arguments, check, run


async def decline(message, response_type, params, context):
    return ElicitResult(action="decline")


async def main():
    transport, mode, target, command = arguments()
    if transport == "stdio":
        server = StdioTransport(command=command[0], args=command[1:])
    elif transport == "sse":
        server = SSETransport(target)
    else:
        server = StreamableHttpTransport(target)
    async with Client(server, mode=mode, elicitation_handler=decline) as client:
        await check(client, lambda: client.protocol_version)


run(main)
