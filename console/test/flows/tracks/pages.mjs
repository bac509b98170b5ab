import '../visit.test.mjs'; // first: the link that the server prints is good for ten minutes
import '../admin.test.mjs';
import '../every.test.mjs';
import '../pictures.test.mjs';
import '../settings.test.mjs';
import '../signin.test.mjs';
import '../states.test.mjs';
import '../work.test.mjs';
