"""What the Python clients of the matrix do: list the tools, find leads, ask to delete one and say no.

Called as `<client>.py <stdio|http|sse> <mode> <target>`: the target is an address, or the server's
command as JSON. Prints one line of JSON; anything else is a failure.
"""

import asyncio
import json
import sys

TOOL, ARGUMENTS = "crm_search", {"entityType": "Lead", "limit": 3}


def arguments():
    transport, mode, target = sys.argv[1:4]
    command = json.loads(target) if transport == "stdio" else None
    return transport, mode, target, command


async def check(client, revision):
    """`client` has the three things that are called the same in both packages."""
    tools = await client.list_tools()
    names = [tool.name for tool in getattr(tools, "tools", tools)]
    assert TOOL in names, f"{TOOL} is not listed: {names}"
    found = await client.call_tool(TOOL, ARGUMENTS)
    records = structured(found)["records"]
    assert records, "no lead was found"
    asked = {"entityType": "Lead", "id": records[0]["id"]}
    told = await refused(client, asked)
    assert "said no" in told, f"the refusal of the user was not told: {told}"
    print(json.dumps({"revision": revision(), "tools": len(names), "records": len(records)}))


def structured(result):
    """The structured content; clients of the first revisions get it as text alone."""
    value = getattr(result, "structured_content", None)
    return value if value is not None else json.loads(result.content[0].text)


async def refused(client, asked):
    try:
        result = await client.call_tool("crm_delete", asked)
    except Exception as error:  # one of the packages raises for an error of a tool
        return str(error)
    return result.content[0].text


def run(main):
    try:
        asyncio.run(asyncio.wait_for(main(), 60))
    except BaseException as error:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        sys.exit(f"{type(error).__name__}: {error}")
