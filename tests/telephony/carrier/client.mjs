// Drives a carrier with Twilio's official client for Node: place, list, fetch, end a call, download its recording.
// Prints one JSON document. Arguments: base URL, account SID; the auth token comes in the environment.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const twilio = require("twilio");
const [base, accountSid] = process.argv.slice(2);
const token = process.env.CARRIER_TOKEN;

// the library's own HTTP client; only scheme and host are replaced
const client = twilio(accountSid, token);
const send = client.httpClient.request.bind(client.httpClient);
client.httpClient.request = (options) => {
  const asked = new URL(options.uri);
  return send({ ...options, uri: base + asked.pathname + asked.search });
};

const placed = await client.calls.create({
  to: "+8618800000000",
  from: "+15005550006",
  twiml: "<Response><Say>您好，这里是回访中心。</Say><Pause length='3000'/></Response>",
  record: true,
  recordingChannels: "dual",
});
const until = async (ready) => {
  for (let i = 0; i < 500; i++) {
    const found = await ready();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("waited in vain");
};
const live = await until(async () => {
  const call = await client.calls(placed.sid).fetch();
  return call.status === "in-progress" && call;
});
const listed = await client.calls.list({ to: "+8618800000000", limit: 20 });
await new Promise((resolve) => setTimeout(resolve, 300));
const ended = await client.calls(placed.sid).update({ status: "completed" });
const recording = await until(async () => {
  const [first] = await client.recordings.list({ callSid: placed.sid });
  return first && first.status === "completed" && first;
});
const media = await fetch(recording.mediaUrl, {
  headers: { authorization: "Basic " + Buffer.from(`${accountSid}:${token}`).toString("base64") },
});
const bytes = Buffer.from(await media.arrayBuffer());
const missing = await client.calls("CA" + "0".repeat(32)).fetch().catch((error) => error);
console.log(
  JSON.stringify({
    placed: placed.status,
    created: placed.dateCreated,
    live: live.status,
    listed: listed.map((call) => call.sid),
    sid: placed.sid,
    ended: ended.status,
    duration: recording.duration,
    channels: recording.channels,
    type: media.headers.get("content-type"),
    wav: bytes.subarray(0, 4).toString() + bytes.subarray(8, 12).toString(),
    bytes: bytes.length,
    missing: [missing.status, missing.code],
  }),
);
