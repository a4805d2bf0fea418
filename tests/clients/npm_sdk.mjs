// The package `@modelcontextprotocol/sdk`.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";

import { check, given, run } from "./check.mjs";

run(async () => {
  const { transport, target, command } = given();
  const client = new Client(
    { name: "matrix", version: "1" },
    { capabilities: { elicitation: { form: {} } } },
  );
  client.setRequestHandler(ElicitRequestSchema, async () => ({ action: "decline" }));
  const make = {
    stdio: () => new StdioClientTransport({ command: command[0], args: command.slice(1), env: process.env }),
    http: () => new StreamableHTTPClientTransport(new URL(target)),
    sse: () => new SSEClientTransport(new URL(target)),
  };
  const connection = make[transport]();
  let revision;
  // This client tells its transport alone what was agreed on.
  connection.setProtocolVersion = ((known) =>
    function (version) {
      revision = version;
      known?.call(this, version);
    })(connection.setProtocolVersion);
  await client.connect(connection);
  await check(client, () => revision);
});
