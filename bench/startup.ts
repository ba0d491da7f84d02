// How long until the first answer? `npm run bench` runs it.
import { cli, medianSeconds, printMachine, report, run } from "./measure.ts";

printMachine();
const node = (...args: readonly string[]) => run(process.execPath, args);
const seconds = await medianSeconds(15, {
  node: () => node("-e", ""),
  help: () => node(cli, "--help"),
  plan: () => node(cli, "plan", "--target", "linux"),
  planJson: () => node(cli, "plan", "--target", "linux", "--json"),
  list: () => node(cli, "patches", "list"),
});
report("node alone", seconds.node, "s");
report("kovn-build --help", seconds.help, "s", 0.2);
report("kovn-build plan --target linux", seconds.plan, "s", 0.5);
report("kovn-build plan --target linux --json", seconds.planJson, "s", 0.5);
report("kovn-build patches list", seconds.list, "s");
