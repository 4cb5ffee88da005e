import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["build/", "**/dist/", "**/node_modules/"] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    rules: {
      // The compiler knows every name, of the browser's and of Node's too.
      "no-undef": "off",
      eqeqeq: "error",
    },
  },
);
