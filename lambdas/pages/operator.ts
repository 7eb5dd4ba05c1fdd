/** Who runs a deployment; from the stage's configuration. */
export interface Operator {
  name?: string | undefined;
  /** URI by which people reach them: `mailto:`, `https:` or `tel:`. */
  contact?: string | undefined;
  /** The same for who found a flaw. */
  securityContact?: string | undefined;
  /** URL of guides of their own. */
  guides?: string | undefined;
}
