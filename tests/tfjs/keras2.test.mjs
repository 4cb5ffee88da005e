import { testAllFixtures } from "./numbers.mjs";

testAllFixtures(2);
