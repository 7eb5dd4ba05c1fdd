/** Expressions that the check can't judge by itself, or that it refuses although they can do no harm: each says why. */
export interface Accepted {
  file: string;
  /** As it is written there. */
  text: string;
  why: string;
  /** Where the expression is made of text: what comes of it, to be judged like the others. */
  becomes?: string;
}

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: sources as they are written
export const accepted: readonly Accepted[] = [
  {
    file: "contract/common.ts",
    text: "new RegExp(`^${prefix}_[0-7][0-9A-HJKMNP-TV-Z]{25}$`)",
    why: "prefixes are our own words",
    becomes: "^upl_[0-7][0-9A-HJKMNP-TV-Z]{25}$",
  },
  {
    file: "contract/common.ts",
    text: 'new RegExp(`^(${of.join("|")})_[0-7][0-9A-HJKMNP-TV-Z]{25}$`)',
    why: "prefixes are our own words",
    becomes: "^(ws|fld|file)_[0-7][0-9A-HJKMNP-TV-Z]{25}$",
  },
  {
    file: "lambdas/core/accounts/authenticate.ts",
    text: "new RegExp(`^wht_(u?)(${ULID})_[\\\\w-]{43}$`)",
    why: "a constant stands in it",
    becomes: "^wht_(u?)([0-7][0-9A-HJKMNP-TV-Z]{25})_[\\w-]{43}$",
  },
  {
    file: "lambdas/core/accounts/authenticate.ts",
    text: "new RegExp(`^whk_(u?)(${ULID})_(${ULID})_[\\\\w-]{43}$`)",
    why: "a constant stands in it",
    becomes: "^whk_(u?)([0-7][0-9A-HJKMNP-TV-Z]{25})_([0-7][0-9A-HJKMNP-TV-Z]{25})_[\\w-]{43}$",
  },
  {
    file: "lambdas/core/accounts/authenticate.ts",
    text: "new RegExp(`^whu_(${ULID})_[\\\\w-]{43}$`)",
    why: "a constant stands in it",
    becomes: "^whu_([0-7][0-9A-HJKMNP-TV-Z]{25})_[\\w-]{43}$",
  },
  {
    file: "contract/joiners.ts",
    text: 'new RegExp(`[${JOINS_NEXT}][\\\\p{Mn}\\\\p{Me}]*$`, "u")',
    why: "a class of letters, none of which is a mark",
    becomes: "[\\u0628\\u0645][\\p{Mn}\\p{Me}]*$",
  },
  {
    file: "contract/joiners.ts",
    text: 'new RegExp(`^[\\\\p{Mn}\\\\p{Me}]*[${JOINS_NEXT}${JOINS_BACK}]`, "u")',
    why: "a class of letters, none of which is a mark",
    becomes: "^[\\p{Mn}\\p{Me}]*[\\u0628\\u0627]",
  },
  {
    file: "lambdas/core/content/contract.ts",
    text: "new RegExp(pattern)",
    why: "digests have 4 or 32 bytes",
    becomes: "^(?:[0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}(?:=)?)$",
  },
  {
    file: "examples/browser/server.mjs",
    text: "/\\/+$/",
    why: "reads the setting of whoever runs it, and needs no file beside it",
  },
  {
    file: "examples/form/server.mjs",
    text: "/\\/+$/",
    why: "reads the setting of whoever runs it, and needs no file beside it",
  },
  {
    file: "examples/node/upload.mjs",
    text: "/\\/+$/",
    why: "reads the setting of whoever runs it, and needs no file beside it",
  },
  {
    file: "lambdas/http/method-not-allowed.ts",
    text: 'new RegExp(`^${path.replaceAll(".", "\\\\.").replaceAll(/:\\w+/g, "[^/]+")}$`)',
    why: "paths are those of our routes, whose parameters stand between slashes",
    becomes: "^/v1/webhooks/[^/]+/deliveries/[^/]+/redeliver$",
  },
  {
    file: "local/dynamodb/context.ts",
    text: "new RegExp(`^arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/([a-zA-Z0-9_.-]{3,255})$`)",
    why: "region and account are constants",
    becomes: "^arn:aws:dynamodb:eu-west-1:111122223333:table/([a-zA-Z0-9_.-]{3,255})$",
  },
  {
    file: "local/local-urls.ts",
    text: "/https:\\/\\/(\\w+)\\.execute-api\\.[\\w-]+\\.amazonaws\\.com(\\/\\w+)?/g",
    why: "reads the stack's own settings and outputs; its automaton is too large to be judged in time",
  },
  {
    file: "local/template/provisioners/apigateway.ts",
    text: "new RegExp(`^(?:${response.SelectionPattern})$`)",
    why: "the stack's own template says it; AWS takes it as an expression too",
    becomes: "^(?:(\\n|.)+)$",
  },
];
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: sources as they are written
