// `npm run site -- PORT`: the sample site by itself, for a connector of a deployed stack to publish: what the scenarios ask.
import { startSite } from '../simulator/site/site.ts';

const site = await startSite(Number(process.argv[2] ?? 0));
console.log(`The sample site listens at ${site.url} until Ctrl-C.`);
