/** The server as main.ts starts it, whose media workers a test can end (see strike.ts). */
import "./mortal_media.ts";
import "../../main.ts";
