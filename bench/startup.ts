// How long until the first answer, in times of what `node` alone takes to start? `npm run bench` runs it.
import { cli, medianSeconds, printMachine, report, run } from "./measure.ts";

printMachine();
const node = (...args: readonly string[]) => run(process.execPath, args);
const seconds = await medianSeconds(15, {
  node: () => node("-e", ""),
  help: () => node(cli, "--help"),
  plan: () => node(cli, "plan", "--target", "linux"),
  planJson: () => node(cli, "plan", "--target", "linux", "--json"),
  status: () => node(cli),
  list: () => node(cli, "patches", "list"),
  complete: () => node(cli, "completion", "bash", "--", "patches", "drop", "ovn", ""),
});
report("node alone", seconds.node, "s");
report("kovn-build --help / node", seconds.help / seconds.node, "times", 2);
report("kovn-build plan --target linux / node", seconds.plan / seconds.node, "times", 6);
report("kovn-build plan --target linux --json / node", seconds.planJson / seconds.node, "times", 6);
report("kovn-build / node", seconds.status / seconds.node, "times", 6);
report("kovn-build patches list / node", seconds.list / seconds.node, "times");
report("completion of a patch", seconds.complete, "s", 0.3);
