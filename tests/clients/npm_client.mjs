// The package `@modelcontextprotocol/client`.

import { Client, SSEClientTransport, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

import { check, given, run } from "./check.mjs";

run(async () => {
  const { transport, mode, target, command } = given();
  const negotiation = mode === "2026-07-28" ? { pin: mode } : mode;
  const client = new Client(
    { name: "matrix", version: "1" },
    {
      capabilities: { elicitation: { form: {} } },
      versionNegotiation: { mode: negotiation },
    },
  );
  client.setRequestHandler("elicitation/create", async () => ({ action: "decline" }));
  const make = {
    stdio: () => new StdioClientTransport({ command: command[0], args: command.slice(1), env: process.env }),
    http: () => new StreamableHTTPClientTransport(new URL(target)),
    sse: () => new SSEClientTransport(new URL(target)),
  };
  await client.connect(make[transport]());
  await check(client, () => client.getNegotiatedProtocolVersion());
});
