/** Templates that no API of ours has, for what the local cloud's engine says of the language itself. */
import type { TemplateScope } from "@wharf/local-cloud/apigateway/velocity.ts";

/** What all of them read. */
export const scope: TemplateScope = {
  body: JSON.stringify({ text: `"it's" é`, list: [1, "2"], inner: { flag: true }, none: null, big: 1e12 }),
  parameters: { path: { id: "a b" }, querystring: { id: "c", q: "d" }, header: { Colour: "red" } },
  context: { requestId: "req-1", identity: { sourceIp: "192.0.2.1", userAgent: null } },
  stageVariables: { colour: "blue" },
};

export const language: Readonly<Record<string, readonly string[]>> = {
  "references that lead nowhere stand as they are, or go with an exclamation mark": [
    "$missing",
    "$!missing.",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a template's own syntax
    "${missing}",
    "$context.nope.nope",
    "$context.identity.userAgent",
    "$!context.identity.userAgent",
    "$!input.path('$.none')",
    "$stageVariables.nope",
  ],
  "references end where a name does": [
    "$context.requestId.",
    "$context.requestId-x",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a template's own syntax
    "${context.requestId}x",
    "$ 5 #5 #x 100%",
    "\\$context.requestId",
  ],
  "null, false and what isn't there are false; so is an empty text": [
    '#if("")y#{else}n#end',
    "#if($missing)y#{else}n#end",
    "#if($context.identity.userAgent)y#{else}n#end",
    "#if($input.path('$.none'))y#{else}n#end",
    "#if($input.path('$.inner.flag') && !$missing)y#{else}n#end",
    '#if($input.path("$.list[0]") == 1)y#elseif(true)z#end',
  ],
  "loops know where they are": [
    "#foreach($i in [1..3])$foreach.index:$foreach.count=$i#if($foreach.hasNext),#end#end",
    '#foreach($i in $input.path("$.list"))$i#end',
    "#foreach($i in $missing)$i#end-",
  ],
  "comments, raw text and line ends of directives": [
    "a ## b\nc",
    "a #* b *# c",
    "#[[ $context.requestId #if ]]#",
    "#if(true)\n x\n#end\ny",
    "#set($a = 1)\n$a\n",
  ],
  "texts in apostrophes are taken literally": [
    "#set($a = '$context.requestId')$a",
    '#set($a = "$context.requestId")$a',
  ],
  "$input finds parameters in path, query and headers, and values in the body": [
    '$input.params("id") $input.params("q") $input.params("colour") [$input.params("nope")]',
    "$input.params().path.id $input.params().header.Colour",
    "$input.body",
    "$input.json('$') $input.json('$.inner') $input.json('$.none')",
    "[$input.path('$.nope')] $input.path('$.text') $input.path('$.inner.flag') $input.path('$.big')",
  ],
  "$util escapes, encodes and decodes": [
    "$util.escapeJavaScript($input.path('$.text')) $util.escapeJavaScript('a/\u2028\u{1f600}\u0001\t')",
    '$util.urlEncode("a b/é*~!()&=+%-._") $util.urlDecode("a+b%20c%2B")',
    '$util.base64Encode("é") $util.base64Decode("w6k=")',
    '#set($o = $util.parseJson(\'{"a":[1,{"b":"c"}]}\'))$o.a[0] $o.a[1].b',
  ],
  "overrides are those that got a value": [
    '#set($context.responseOverride.status = 201)#set($context.responseOverride.header.X-A-B = "v")',
    "#set($context.responseOverride.header.X-None = $missing)#set($context.responseOverride.status = $missing)",
    "#set($context.responseOverride.header.X-None = $input.path('$.none'))",
  ],
};
