/**
 * Services that fetch a link which people sent each other: for a preview, an index, a check, a scan. They say who they
 * are in `User-Agent`: most by the way in which crawlers write it (`saysSo`), the others by these names. What each is
 * called stands in monperrus/crawler-user-agents' crawler-user-agents.json, where no other source is named.
 *
 * Only names that no program uses that wants the bytes: a team's own `deploy-bot/1.0` is none of these.
 */
const previewers = [
  // Messengers and social networks
  "slackbot", // Slack: https://api.slack.com/robots
  "slack-imgproxy", // Slack: https://api.slack.com/robots
  "skypeuripreview", // Microsoft Teams and Skype
  "whatsapp/", // WhatsApp
  "telegrambot", // Telegram; farjadp/Gheychi-Premium#4 tells of a one-time link that it used up
  "discordbot", // Discord: https://discordapp.com
  "facebookexternalhit", // Facebook, and iMessage: https://developers.facebook.com/docs/sharing/webmasters/crawler/
  "facebookcatalog", // Facebook: https://developers.facebook.com/docs/sharing/webmasters/web-crawlers
  "facebookbot", // Facebook: https://developers.facebook.com/docs/sharing/bot/
  "meta-external", // Meta: https://developers.facebook.com/docs/sharing/webmasters/web-crawlers
  "twitterbot", // X: https://dev.twitter.com/cards/getting-started
  "linkedinbot", // LinkedIn
  "pinterestbot", // Pinterest: http://www.pinterest.com/bot.html
  "pinterest/0", // Pinterest: http://www.pinterest.com/bot.html
  "redditbot", // Reddit: http://www.reddit.com/feedback
  "snap url preview service", // Snapchat: https://developers.snap.com/robots
  "snapurlpreview", // Snapchat: https://business.snapchat.com/legal/snapchat-automated-crawler
  "vkshare", // VK: http://vk.com/dev/Share
  "mattermost-bot", // Mattermost: https://datadome.co/bots/mattermost-bot/
  "bluesky cardyb", // Bluesky
  "kakaotalk-scrap", // KakaoTalk
  "zulipurlpreview", // Zulip: zulip/zulip, zerver/lib/url_preview/preview.py
  "synapse (bot", // Matrix: matrix-org/synapse, synapse/media/url_previewer.py
  "groupmebot", // GroupMe
  "discourse forum onebox", // Discourse
  "websitemetadataretriever", // Asana
  "mastodon/", // Mastodon: http.rb's agent with the instance's address
  "embedly", // Embedly: http://support.embed.ly
  "iframely", // Iframely, for Atlassian too: https://iframely.com/docs/about
  "atlassian-bot", // Atlassian: https://support.atlassian.com (connect a custom website to Rovo)
  "bitlybot", // Bitly: http://bit.ly/
  // Search engines
  "googlebot", // Google: http://www.google.com/bot.html
  "google-inspectiontool", // Google: https://developers.google.com/search/docs/crawling-indexing/overview-google-crawlers
  "google-read-aloud", // Google: https://developers.google.com/search/docs/crawling-indexing/overview-google-crawlers
  "googleother", // Google: https://developers.google.com/search/docs/crawling-indexing/overview-google-crawlers
  "googleimageproxy", // Gmail: https://support.google.com/webmasters/answer/1061943
  "bingbot", // Bing: http://www.bing.com/bingbot.htm
  "bingpreview", // Bing: https://www.bing.com/webmaster/help/which-crawlers-does-bing-use-8c184ec0
  "applebot", // Apple: http://www.apple.com/go/applebot
  "duckduckbot", // DuckDuckGo: http://duckduckgo.com/duckduckbot.html
  "yandex.com/bots", // Yandex: https://yandex.ru/support/webmaster/robot-workings/check-yandex-robots.html
  "baiduspider", // Baidu: http://www.baidu.com/search/spider.html
  "amazonbot", // Amazon: https://developer.amazon.com/amazonbot
  "apis-google", // Google: https://developers.google.com/search/docs/crawling-indexing/google-special-case-crawlers
  "google-safety", // Google: as above
  "msnbot", // Bing: http://search.msn.com/msnbot.htm
  "bytespider", // ByteDance
  "ccbot", // Common Crawl: https://commoncrawl.org/ccbot
  "archive.org_bot", // Internet Archive: http://archive.org/details/archive.org_bot
  "ahrefsbot", // Ahrefs: http://ahrefs.com/robot/
  "semrushbot", // Semrush: http://www.semrush.com/bot.html
  // For a language model, or for who asks one
  "gptbot", // OpenAI: https://platform.openai.com/docs/bots
  "oai-searchbot", // OpenAI: as above
  "chatgpt-user", // OpenAI: as above
  "claudebot", // Anthropic: https://support.claude.com (does Anthropic crawl data from the web)
  "claude-user", // Anthropic: as above
  "claude-searchbot", // Anthropic: as above
  "claude-web", // Anthropic
  "anthropic-ai", // Anthropic
  "perplexitybot", // Perplexity: https://docs.perplexity.ai/guides/bots
  "perplexity-user", // Perplexity: as above
  "petalbot", // Petal: https://webmaster.petalsearch.com/site/petalbot
  // Office opens a link that is clicked in a document before the browser does: superuser.com/questions/1359127
  "ms-office",
  "microsoft office",
  // Scanners of mail and of links. Most name nobody and call themselves a browser: those get a browser's page.
  "barracuda", // Barracuda Link Protection: check.live-direct-marketing.online/blog/bot-clicks-security-scanners-detect
  "proofpoint", // Proofpoint URL Defense: as above
  "ciscosecureemail", // Cisco Secure Email: as above
  "appengine-google; (+http://code.google.com/appengine; appid: s~virustotalcloud", // VirusTotal
  "cloudflareradarurlscanner", // Cloudflare: https://radar.cloudflare.com/
  // Link checkers
  "lychee/", // lycheeverse/lychee: `lychee/{version}` unless told otherwise
  "w3c-checklink", // W3C Link Checker: https://validator.w3.org/services
  "w3c_validator", // W3C: https://validator.w3.org/services
  "w3c-mobileok", // W3C: https://validator.w3.org/services
  "linkchecker", // linkchecker/linkchecker: `Mozilla/5.0 (compatible; LinkChecker/{version}; …)`
  "deadlinkchecker", // http://www.deadlinkchecker.com
  "broken link checker", // https://wpmudev.com/docs/hub-2-0/broken-link-checker-2/
  "xenu link sleuth", // http://home.snafu.de/tilman/xenulink.html
  "screaming frog", // http://www.screamingfrog.co.uk/seo-spider
];

/** Viber's preview; its in-app browser has the name at the end (WhichBrowser/Parser-PHP#261). */
const VIBER = /^viber(?:\/|$)/;

/** Whether a `User-Agent` names a service that looks at links for others. */
export function isPreviewer(userAgent: string | undefined): boolean {
  const agent = userAgent?.toLowerCase() ?? "";
  return previewers.some((name) => agent.includes(name)) || VIBER.test(agent) || saysSo(agent);
}

/** A last word of a product's name that is a crawler's trade. Cubot makes telephones, named in their browsers' agents. */
const TRADE =
  /(?<!cu)(?:bots?|crawler|spider|preview|unfurler|scraper|fetcher|archiver|checker)(?=[/;,\s)+]|$)/;
const CONTACT = /https?:\/\/|www\.|@[a-z]/;

/**
 * Whether an agent is written as crawlers write theirs: `Mozilla/5.0 (compatible; Name/1.0; +https://…)`, which tells
 * those who run the site whom to ask. `compatible` with a contact is enough, as is a crawler's trade with a contact or
 * in what else looks like a browser's. Programs have one or the other: `node-fetch/1.0 (+https://…)`, `deploy-bot/1.0`;
 * words of a URL tell nothing (`Renovate/35 (https://github.com/renovatebot/renovate)`).
 */
function saysSo(agent: string): boolean {
  const contact = CONTACT.test(agent);
  if (contact && agent.includes("compatible;")) return true;
  const names = agent.replaceAll(/https?:\/\/\S+/g, "");
  return TRADE.test(names) && (contact || names.startsWith("mozilla/"));
}
