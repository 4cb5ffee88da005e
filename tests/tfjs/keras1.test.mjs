import { testAllFixtures } from "./numbers.mjs";

testAllFixtures(1);
