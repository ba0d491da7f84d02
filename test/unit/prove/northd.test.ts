import { expect, test } from "vitest";
import { parseFlows } from "../../../src/prove/northd.ts";

test("rows of `ovn-sbctl lflow-list` are read, headings are not", () => {
  const text = `Datapath: "ls0" (8b8e9f1c-0000-0000-0000-000000000000)  Pipeline: ingress
  table=6 (ls_in_pre_lb       ), priority=100  , match=(ip4 && ip4.dst == {10.0.0.0/8, 11.0.0.0/8}), action=(reg0[2] = 1; next;)
  table=26(ls_in_l2_unknown   ), priority=0    , match=(1), action=(output;)`;
  expect(parseFlows(text)).toEqual([
    { stage: "ls_in_pre_lb", priority: 100, match: "ip4 && ip4.dst == {10.0.0.0/8, 11.0.0.0/8}", action: "reg0[2] = 1; next;" },
    { stage: "ls_in_l2_unknown", priority: 0, match: "1", action: "output;" },
  ]);
});
