// The flows go in two tracks that take as long as each other, each in a process with one browser: a process and a browser for each file cost
// as much work as the shorter ones. every.test.mjs holds that each file is in one.
import '../embed.test.mjs';
import '../history.test.mjs';
import '../project.test.mjs';
