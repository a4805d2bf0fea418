// What the TypeScript clients of the matrix do: list the tools, find leads, ask to delete one and say no.
//
// Called as `<client>.mjs <stdio|http|sse> <mode> <target>`: the target is an address, or the server's
// command as JSON. Prints one line of JSON; anything else is a failure.

const TOOL = "crm_search";

export function given() {
  const [transport, mode, target] = process.argv.slice(2);
  const command = transport === "stdio" ? JSON.parse(target) : undefined;
  return { transport, mode, target, command };
}

function claim(holds, told) {
  if (!holds) throw new Error(told);
}

// The structured content; clients of the first revisions get it as text alone.
function structured(result) {
  return result.structuredContent ?? JSON.parse(result.content[0].text);
}

export async function check(client, revision) {
  const { tools } = await client.listTools();
  const names = tools.map((tool) => tool.name);
  claim(names.includes(TOOL), `${TOOL} is not listed: ${names}`);
  const found = await client.callTool({ name: TOOL, arguments: { entityType: "Lead", limit: 3 } });
  const { records } = structured(found);
  claim(records.length > 0, "no lead was found");
  const asked = { entityType: "Lead", id: records[0].id };
  const refused = await client.callTool({ name: "crm_delete", arguments: asked });
  const told = refused.content[0].text;
  claim(told.includes("said no"), `the refusal of the user was not told: ${told}`);
  console.log(JSON.stringify({ revision: revision(), tools: names.length, records: records.length }));
}

export async function run(main) {
  setTimeout(() => fail(new Error("no answer within 60 s")), 60_000).unref();
  try {
    await main();
    process.exit(0);
  } catch (error) {
    fail(error);
  }
}

function fail(error) {
  console.error(`${error.name}: ${error.message}`);
  process.exit(1);
}
