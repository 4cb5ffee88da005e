import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";

const CHROMIUM = process.env.TENSORFERRY_CHROMIUM ?? "/usr/bin/chromium";
const FIREFOX = process.env.TENSORFERRY_FIREFOX ?? "/usr/bin/firefox-esr";

/**
 * `downloads` is a folder; `close` ends the browser and removes what it left. `launch({ scheme,
 * waits })`: whether pages are to be "light" (default) or "dark", and whether Firefox waits a second
 * before it looks for a newer service worker, as it does for people; the page is locked after that.
 */
export const BROWSERS = [
  { name: "Chromium", path: CHROMIUM, present: existsSync(CHROMIUM), launch: chromium },
  { name: "Firefox", path: FIREFOX, present: existsSync(FIREFOX), launch: firefox },
];

export async function chromium({ scheme = "light" } = {}) {
  const { folder, downloads, profile } = await folders();
  const browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    userDataDir: profile,
    protocolTimeout: 120_000,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--blink-settings=preferredColorScheme=${scheme === "dark" ? 0 : 1}`,
      // It would ask its server about zips, wait for an answer, and none comes in a test.
      "--safebrowsing-disable-download-protection",
    ],
  });
  const session = await browser.target().createCDPSession();
  await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: downloads });
  return launched(browser, folder, downloads);
}

export async function firefox({ scheme = "light", waits = false } = {}) {
  const { folder, downloads, profile } = await folders();
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: FIREFOX,
    userDataDir: profile,
    headless: true,
    protocolTimeout: 120_000,
    extraPrefsFirefox: {
      "browser.download.dir": downloads,
      "browser.download.folderList": 2,
      "browser.download.useDownloadDir": true,
      "browser.download.alwaysOpenPanel": false,
      "browser.helperApps.neverAsk.saveToDisk": "application/zip,application/octet-stream",
      // Off under automation, on for people: tests/browser/lock.test.mjs must see it.
      "network.prefetch-next": true,
      "dom.serviceWorkers.update_delay": waits ? 1000 : 0,
      "layout.css.prefers-color-scheme.content-override": scheme === "dark" ? 0 : 1,
    },
  });
  return launched(browser, folder, downloads);
}

async function folders() {
  const folder = await mkdtemp(join(tmpdir(), "tensorferry-browser-"));
  const downloads = join(folder, "downloads");
  const profile = join(folder, "profile");
  await mkdir(downloads);
  await mkdir(profile);
  return { folder, downloads, profile };
}

function launched(browser, folder, downloads) {
  return {
    browser,
    downloads,
    async close() {
      await browser.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
