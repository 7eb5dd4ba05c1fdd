/** This process's environment without its proxies, for programs that talk to loopback. */
export const directEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)),
);
