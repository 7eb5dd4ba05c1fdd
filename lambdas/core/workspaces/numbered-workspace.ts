/** A workspace's name is one among its owner's: the next that is like it. Names have no spaces, and 64 characters at most. */
export const numberedWorkspace = (name: string, number: number) =>
  `${name.slice(0, 64 - `-${number}`.length)}-${number}`;
