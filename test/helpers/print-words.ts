// `npm run words [FOLDER]` prints the words to avoid in the files below a folder, and what to write instead.
import { describeFinding, findWords } from "./words.ts";

const [folder] = process.argv.slice(2);
const found = findWords(".", folder);
for (const finding of found) console.log(describeFinding(finding));
console.log(`${found.length} found`);
process.exitCode = found.length === 0 ? 0 : 1;
