/** The page of the system's state is read again every few seconds. */

import { keepFresh } from "../shared/quiet.js";

const FRESH = 3;

keepFresh(FRESH);
