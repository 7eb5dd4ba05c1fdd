/** The pages say what is there: their links lead somewhere, and their commands exist. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { scopes, scopeTable } from "#contract/scopes.ts";
import { greeting } from "#start/greeting.ts";
import { allRoutes } from "#test/support/all-routes.ts";
import { bootstrap, deploy, environment, noSettings } from "#test/truth/localstack/commands.ts";

const pages = globSync(["*.md", "docs/*.md"]);
const read = (page: string) => readFileSync(page, "utf8");
const { scripts } = JSON.parse(read("package.json"));

/** A heading's anchor, as GitHub makes it. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, "")
    .trim()
    .replace(/\s/g, "-");

describe.each(pages)("%s", (page) => {
  const text = read(page);

  it("links to files and headings that are there", () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, link = ""]) => link);
    for (const link of links) {
      const [path = "", hash] = link.split("#");
      const target = path === "" ? page : join(dirname(page), path);
      expect([link, existsSync(target)]).toEqual([link, true]);
      if (hash === undefined) continue;
      const anchors = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchor(heading));
      expect([link, anchors]).toEqual([link, expect.arrayContaining([hash])]);
    }
  });

  it("names commands that are there", () => {
    for (const [, name = ""] of text.matchAll(/npm run (?:--silent )?([\w:]+)/g))
      expect(Object.keys(scripts)).toContain(name);
    for (const [, script = ""] of text.matchAll(/bash ([\w./-]+\.sh)/g)) {
      const places = [script, `examples/curl/${script}`];
      expect([script, places.some((place) => existsSync(place))]).toEqual([script, true]);
    }
  });
});

it("the README's lines to paste are those that the start prints", () => {
  const printed = greeting({
    ...{ apiUrl: "http://localhost:4400", awsUrl: "", dataDir: undefined, isExternal: false, notes: [] },
    client: { client_id: "cli_…", client_secret: "whs_…" },
  });
  const lines = printed.match(/^(TOKEN=|LINK=|curl ).*$/gm) ?? [];
  expect(lines).toHaveLength(3);
  expect(read("README.md")).toContain(lines.join("\n"));
});

it("the table of scopes is what the routes declare", async () => {
  const needs = (await allRoutes()).map(({ method, path, scopes: any }) => ({ method, path, any }));
  const listed = (paths: typeof needs) =>
    [...Map.groupBy(paths, ({ path }) => path.replace(/^\/v1/, ""))]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([path, methods]) =>
          `${methods
            .map(({ method }) => method)
            .sort()
            .join(", ")} \`${path}\``,
      )
      .join("; ");
  const row = (name: string, what: string, paths: string) => `| ${name} | ${what} | ${paths} |`;
  const table = [
    row("scope", "what for", "routes"),
    "|---|---|---|",
    ...scopes.map((scope) => {
      const allowed = needs.filter(({ any }) => any !== "public" && any.includes(scope));
      return row(`\`${scope}\``, scopeTable[scope].says, scope === "admin" ? "all" : listed(allowed));
    }),
    row(
      "any token",
      "Who the caller is, and where it belongs",
      listed(needs.filter(({ any }) => any.length === 0)),
    ),
    row(
      "no token",
      "Links, and whether the API answers",
      listed(needs.filter(({ any }) => any === "public")),
    ),
  ];
  // To write it anew: npx vitest run test/docs.test.ts, and take what was expected.
  expect(read("docs/security.md")).toContain(table.join("\n"));
});

it("the README is short, and the guides' index has every guide", () => {
  expect(read("README.md").trimEnd().split("\n").length).toBeLessThanOrEqual(150);
  const index = read("docs/README.md");
  for (const page of pages.filter((path) => /^docs\/(?!README)/.test(path)))
    expect(index).toContain(`(${page.replace("docs/", "")})`);
});

describe("LocalStack's commands are those that `npm run test:truth -- localstack` runs", () => {
  const commands = [bootstrap, [...deploy, ...noSettings]].map((words) => `npx ${words.join(" ")}`);
  const compose = "docker compose --file examples/localstack/docker-compose.yml up --wait";

  it.each(["docs/localstack.md", "examples/localstack/ci.yml"])("in %s", (page) => {
    const text = read(page);
    for (const command of [compose, ...commands]) expect(text).toContain(command);
    for (const [name, value] of Object.entries(environment("http://localhost:4566")))
      expect(text).toMatch(new RegExp(`${name}(=|: )${value}(\\s|$)`));
  });

  it("in the compose file: the version and the mended faults", () => {
    const text = read("examples/localstack/docker-compose.yml");
    const [, version] = /^localstack==(.+)$/m.exec(read("test/truth/localstack/requirements.txt")) ?? [];
    expect(text).toContain(`image: localstack/localstack:${version}\n`);
    expect(text).toContain("- ./start.d:/etc/localstack/init/start.d:ro\n");
  });
});
