/** Requests as clients send them, in the order of their headers; `Host` and `Referer` are left out. */

export interface RecordedClient {
  who: string;
  /** Where the request is known from. */
  source: string;
  /**
   * What it gets of a link that allows one download. `bytes` and `started` (a page that leads to them) count;
   * `page`, `preview` (which leads nowhere) and `nothing` (204) don't.
   */
  gets: "bytes" | "page" | "preview" | "started" | "nothing";
  /** @default "GET" */
  method?: "GET" | "HEAD" | "POST";
  /** Of the link's address. @default none */
  query?: string;
  headers: readonly (readonly [string, string])[];
}

export const recordedClients: readonly RecordedClient[] = [
  {
    who: "curl",
    source: "recorded from curl 7.88.1",
    gets: "bytes",
    headers: [
      ["User-Agent", "curl/7.88.1"],
      ["Accept", "*/*"],
    ],
  },
  {
    who: "GNU Wget",
    source: "recorded from Wget 1.21.3",
    gets: "bytes",
    headers: [
      ["User-Agent", "Wget/1.21.3"],
      ["Accept", "*/*"],
      ["Accept-Encoding", "identity"],
      ["Connection", "Keep-Alive"],
    ],
  },
  {
    who: "GNU Wget2, whose Accept names HTML",
    source: "recorded from Wget2 1.99.1",
    gets: "bytes",
    headers: [
      ["Accept-Encoding", "gzip, deflate, bzip2, xz, lzma, br"],
      ["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
      ["User-Agent", "wget2/1.99.1"],
      ["Connection", "keep-alive"],
    ],
  },
  {
    who: "aria2",
    source: "recorded from aria2 1.36.0",
    gets: "bytes",
    headers: [
      ["User-Agent", "aria2/1.36.0"],
      ["Accept", "*/*,application/metalink4+xml,application/metalink+xml"],
      ["Want-Digest", "SHA-512;q=1, SHA-256;q=1, SHA;q=0.1"],
    ],
  },
  {
    who: "rclone copyurl",
    source: "recorded from rclone of Debian 12",
    gets: "bytes",
    headers: [
      ["User-Agent", "rclone/"],
      ["Accept-Encoding", "gzip"],
    ],
  },
  {
    who: "HTTPie",
    source: "recorded from HTTPie 3.2.1",
    gets: "bytes",
    headers: [
      ["Accept-Encoding", "gzip, deflate"],
      ["Accept", "*/*"],
      ["Connection", "keep-alive"],
      ["User-Agent", "HTTPie/3.2.1"],
    ],
  },
  {
    who: "Python requests",
    source: "recorded from requests 2.34.2",
    gets: "bytes",
    headers: [
      ["User-Agent", "python-requests/2.34.2"],
      ["Accept-Encoding", "gzip, deflate"],
      ["Accept", "*/*"],
      ["Connection", "keep-alive"],
    ],
  },
  {
    who: "Python httpx",
    source: "recorded from httpx 0.28.1",
    gets: "bytes",
    headers: [
      ["Accept", "*/*"],
      ["Accept-Encoding", "gzip, deflate"],
      ["Connection", "keep-alive"],
      ["User-Agent", "python-httpx/0.28.1"],
    ],
  },
  {
    who: "Python aiohttp",
    source: "recorded from aiohttp 3.14.5",
    gets: "bytes",
    headers: [
      ["Accept", "*/*"],
      ["Accept-Encoding", "gzip, deflate"],
      ["User-Agent", "Python/3.11 aiohttp/3.14.5"],
    ],
  },
  {
    who: "Python urllib",
    source: "recorded from Python 3.11",
    gets: "bytes",
    headers: [
      ["Accept-Encoding", "identity"],
      ["User-Agent", "Python-urllib/3.11"],
      ["Connection", "close"],
    ],
  },
  {
    who: "Go net/http",
    source: "recorded from Go",
    gets: "bytes",
    headers: [
      ["User-Agent", "Go-http-client/1.1"],
      ["Accept-Encoding", "gzip"],
    ],
  },
  {
    who: "Java HttpURLConnection, whose Accept names HTML",
    source: "recorded from OpenJDK 17.0.15",
    gets: "bytes",
    headers: [
      ["User-Agent", "Java/17.0.15"],
      ["Accept", "text/html, image/gif, image/jpeg, */*; q=0.2"],
      ["Connection", "keep-alive"],
    ],
  },
  {
    who: "Java HttpClient",
    source: "recorded from OpenJDK 17.0.15",
    gets: "bytes",
    headers: [
      ["Content-Length", "0"],
      ["User-Agent", "Java-http-client/17.0.15"],
    ],
  },
  {
    who: "Ruby Net::HTTP",
    source: "recorded from Ruby of Debian 12",
    gets: "bytes",
    headers: [
      ["Accept-Encoding", "gzip;q=1.0,deflate;q=0.6,identity;q=0.3"],
      ["Accept", "*/*"],
      ["User-Agent", "Ruby"],
    ],
  },
  {
    who: "PHP file_get_contents",
    source: "recorded from PHP 8.2",
    gets: "bytes",
    headers: [["Connection", "close"]],
  },
  {
    who: "libwww-perl",
    source: "recorded from libwww-perl 6.68",
    gets: "bytes",
    headers: [
      ["TE", "deflate,gzip;q=0.3"],
      ["Connection", "TE, close"],
      ["User-Agent", "lwp-request/6.68 libwww-perl/6.68"],
    ],
  },
  {
    who: "Node's fetch",
    source: "recorded from Node 24",
    gets: "bytes",
    headers: [
      ["connection", "keep-alive"],
      ["accept", "*/*"],
      ["accept-language", "*"],
      ["sec-fetch-mode", "cors"],
      ["user-agent", "node"],
      ["accept-encoding", "gzip, deflate"],
    ],
  },
  {
    who: "axios",
    source: "recorded from axios 1.21.1",
    gets: "bytes",
    headers: [
      ["Accept", "application/json, text/plain, */*"],
      ["User-Agent", "axios/1.21.1"],
      ["Accept-Encoding", "gzip, compress, deflate, br"],
      ["Connection", "keep-alive"],
    ],
  },
  {
    who: "got",
    source: "recorded from got 14.6.6",
    gets: "bytes",
    headers: [
      ["user-agent", "got (https://github.com/sindresorhus/got)"],
      ["accept-encoding", "gzip, deflate, br, zstd"],
      ["Connection", "keep-alive"],
    ],
  },
  {
    who: "node-fetch",
    source: "recorded from node-fetch 3.3.2",
    gets: "bytes",
    headers: [
      ["accept", "*/*"],
      ["accept-encoding", "gzip, deflate, br"],
      ["user-agent", "node-fetch"],
      ["Connection", "keep-alive"],
    ],
  },
  {
    who: "Node's http.get",
    source: "recorded from Node 24",
    gets: "bytes",
    headers: [["Connection", "keep-alive"]],
  },
  {
    who: "PowerShell Invoke-WebRequest",
    source: "PowerShell/PowerShell, WebRequestSession's default agent",
    gets: "bytes",
    headers: [
      ["User-Agent", "Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.19045; en-US) PowerShell/7.4.0"],
      ["Accept-Encoding", "gzip, deflate, br"],
    ],
  },
  {
    who: "git-lfs",
    source: "git-lfs/git-lfs, lfshttp's default agent",
    gets: "bytes",
    headers: [
      ["User-Agent", "git-lfs/3.4.0 (GitHub; linux amd64; go 1.20.6)"],
      ["Accept-Encoding", "gzip"],
    ],
  },
  {
    who: "Chromium, a person's visit",
    source: "recorded from Chromium 156",
    gets: "page",
    headers: [
      ["Connection", "keep-alive"],
      ["sec-ch-ua", '"Not:A-Brand";v="8", "Chromium";v="156"'],
      ["sec-ch-ua-mobile", "?0"],
      ["sec-ch-ua-platform", '"Linux"'],
      ["Upgrade-Insecure-Requests", "1"],
      [
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
      ],
      [
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
      ],
      ["Sec-Fetch-Site", "none"],
      ["Sec-Fetch-Mode", "navigate"],
      ["Sec-Fetch-User", "?1"],
      ["Sec-Fetch-Dest", "document"],
      ["Accept-Encoding", "gzip, deflate, br, zstd"],
      ["Accept-Language", "en-US,en;q=0.9"],
    ],
  },
  {
    who: "Chromium, a frame",
    source: "recorded from Chromium 156",
    gets: "page",
    headers: [
      ["Connection", "keep-alive"],
      ["sec-ch-ua", '"Not:A-Brand";v="8", "Chromium";v="156"'],
      ["sec-ch-ua-mobile", "?0"],
      ["sec-ch-ua-platform", '"Linux"'],
      ["Upgrade-Insecure-Requests", "1"],
      [
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
      ],
      [
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
      ],
      ["Sec-Fetch-Site", "same-origin"],
      ["Sec-Fetch-Mode", "navigate"],
      ["Sec-Fetch-Dest", "iframe"],
      ["Accept-Encoding", "gzip, deflate, br, zstd"],
      ["Accept-Language", "en-US,en;q=0.9"],
    ],
  },
  {
    who: "Chromium, a page's fetch",
    source: "recorded from Chromium 156",
    gets: "bytes",
    headers: [
      ["Connection", "keep-alive"],
      ["sec-ch-ua-platform", '"Linux"'],
      [
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
      ],
      ["sec-ch-ua", '"Not:A-Brand";v="8", "Chromium";v="156"'],
      ["sec-ch-ua-mobile", "?0"],
      ["Accept", "*/*"],
      ["Sec-Fetch-Site", "same-origin"],
      ["Sec-Fetch-Mode", "cors"],
      ["Sec-Fetch-Dest", "empty"],
      ["Accept-Encoding", "gzip, deflate, br, zstd"],
      ["Accept-Language", "en-US,en;q=0.9"],
    ],
  },
  {
    who: "Chromium, <a download>",
    source: "recorded from Chromium 156",
    gets: "bytes",
    headers: [
      ["Connection", "keep-alive"],
      ["Sec-Fetch-Site", "same-origin"],
      ["Sec-Fetch-Mode", "navigate"],
      ["Sec-Fetch-Dest", "empty"],
      [
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
      ],
      ["Accept-Encoding", "gzip, deflate, br, zstd"],
      ["Accept-Language", "en-US,en;q=0.9"],
    ],
  },
  {
    who: "Chromium, <img>",
    source: "recorded from Chromium 156",
    gets: "preview",
    headers: [
      ["Connection", "keep-alive"],
      ["sec-ch-ua-platform", '"Linux"'],
      [
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
      ],
      ["sec-ch-ua", '"Not:A-Brand";v="8", "Chromium";v="156"'],
      ["sec-ch-ua-mobile", "?0"],
      ["Accept", "image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"],
      ["Sec-Fetch-Site", "same-origin"],
      ["Sec-Fetch-Mode", "no-cors"],
      ["Sec-Fetch-Dest", "image"],
      ["Accept-Encoding", "gzip, deflate, br, zstd"],
      ["Accept-Language", "en-US,en;q=0.9"],
    ],
  },
  {
    who: "Chromium, <video>",
    source: "recorded from Chromium 156",
    gets: "preview",
    headers: [
      ["Connection", "keep-alive"],
      ["sec-ch-ua-platform", '"Linux"'],
      [
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
      ],
      ["sec-ch-ua", '"Not:A-Brand";v="8", "Chromium";v="156"'],
      ["sec-ch-ua-mobile", "?0"],
      ["Accept", "*/*"],
      ["Sec-Fetch-Site", "same-origin"],
      ["Sec-Fetch-Mode", "no-cors"],
      ["Sec-Fetch-Dest", "video"],
      ["Accept-Encoding", "identity"],
      ["Accept-Language", "en-US,en;q=0.9"],
      ["Range", "bytes=0-"],
    ],
  },
  {
    who: "Chromium, a page's fetch that may read nothing",
    source: "recorded from Chromium 156",
    gets: "preview",
    headers: [
      ["Connection", "keep-alive"],
      ["sec-ch-ua-platform", '"Linux"'],
      [
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
      ],
      ["sec-ch-ua", '"Not:A-Brand";v="8", "Chromium";v="156"'],
      ["sec-ch-ua-mobile", "?0"],
      ["Accept", "*/*"],
      ["Sec-Fetch-Site", "same-origin"],
      ["Sec-Fetch-Mode", "no-cors"],
      ["Sec-Fetch-Dest", "empty"],
      ["Accept-Encoding", "gzip, deflate, br, zstd"],
      ["Accept-Language", "en-US,en;q=0.9"],
    ],
  },
  {
    who: "Chromium, <link rel=prefetch>",
    source: "recorded from Chromium 156",
    gets: "page",
    headers: [
      ["Connection", "keep-alive"],
      ["sec-ch-ua-platform", '"Linux"'],
      [
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
      ],
      ["sec-ch-ua", '"Not:A-Brand";v="8", "Chromium";v="156"'],
      ["Sec-Purpose", "prefetch"],
      ["sec-ch-ua-mobile", "?0"],
      [
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
      ],
      ["Sec-Fetch-Site", "same-origin"],
      ["Sec-Fetch-Mode", "no-cors"],
      ["Sec-Fetch-Dest", "empty"],
      ["Accept-Encoding", "gzip, deflate, br, zstd"],
      ["Accept-Language", "en-US,en;q=0.9"],
    ],
  },
  {
    who: "Chromium, speculation rules: prefetch",
    source: "recorded from Chromium 156",
    gets: "page",
    headers: [
      ["Connection", "keep-alive"],
      ["Upgrade-Insecure-Requests", "1"],
      ["Sec-Purpose", "prefetch"],
      ["Sec-Speculation-Tags", "null"],
      [
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8",
      ],
      ["sec-ch-ua", '"Not:A-Brand";v="8", "Chromium";v="156"'],
      ["sec-ch-ua-mobile", "?0"],
      ["sec-ch-ua-platform", '"Linux"'],
      ["Sec-Fetch-Site", "none"],
      ["Sec-Fetch-Mode", "navigate"],
      ["Sec-Fetch-Dest", "document"],
      [
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
      ],
      ["Accept-Encoding", "gzip, deflate, br, zstd"],
      ["Accept-Language", "en-US,en;q=0.9"],
    ],
  },
  {
    who: "Chromium, speculation rules: prerender",
    source: "recorded from Chromium 156",
    gets: "page",
    headers: [
      ["Connection", "keep-alive"],
      ["Upgrade-Insecure-Requests", "1"],
      ["Sec-Purpose", "prefetch;prerender"],
      ["Sec-Speculation-Tags", "null"],
      [
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8",
      ],
      ["sec-ch-ua", '"Not:A-Brand";v="8", "Chromium";v="156"'],
      ["sec-ch-ua-mobile", "?0"],
      ["sec-ch-ua-platform", '"Linux"'],
      ["Sec-Fetch-Site", "none"],
      ["Sec-Fetch-Mode", "navigate"],
      ["Sec-Fetch-Dest", "document"],
      [
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
      ],
      ["Accept-Encoding", "gzip, deflate, br, zstd"],
      ["Accept-Language", "en-US,en;q=0.9"],
    ],
  },
  {
    who: "Chromium, the page's button",
    source: "recorded from Chromium 156",
    gets: "started",
    method: "POST",
    headers: [
      ["Connection", "keep-alive"],
      ["Cache-Control", "max-age=0"],
      ["sec-ch-ua", '"Not:A-Brand";v="8", "Chromium";v="156"'],
      ["sec-ch-ua-mobile", "?0"],
      ["sec-ch-ua-platform", '"Linux"'],
      ["Upgrade-Insecure-Requests", "1"],
      ["Content-Type", "application/x-www-form-urlencoded"],
      [
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
      ],
      [
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
      ],
      ["Sec-Fetch-Site", "same-origin"],
      ["Sec-Fetch-Mode", "navigate"],
      ["Sec-Fetch-User", "?1"],
      ["Sec-Fetch-Dest", "document"],
      ["Accept-Encoding", "gzip, deflate, br, zstd"],
      ["Accept-Language", "en-US,en;q=0.9"],
    ],
  },
  {
    who: "Chromium, a visit that downloads",
    source: "recorded from Chromium 156",
    gets: "bytes",
    query: "?download=1",
    headers: [
      ["Connection", "keep-alive"],
      ["sec-ch-ua", '"Not:A-Brand";v="8", "Chromium";v="156"'],
      ["sec-ch-ua-mobile", "?0"],
      ["sec-ch-ua-platform", '"Linux"'],
      ["Upgrade-Insecure-Requests", "1"],
      [
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
      ],
      [
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
      ],
      ["Sec-Fetch-Site", "none"],
      ["Sec-Fetch-Mode", "navigate"],
      ["Sec-Fetch-User", "?1"],
      ["Sec-Fetch-Dest", "document"],
      ["Accept-Encoding", "gzip, deflate, br, zstd"],
      ["Accept-Language", "en-US,en;q=0.9"],
    ],
  },
  {
    who: "Chromium, a prefetch that would download",
    source: "recorded from Chromium 156",
    gets: "nothing",
    query: "?download=1",
    headers: [
      ["Connection", "keep-alive"],
      ["Upgrade-Insecure-Requests", "1"],
      ["Sec-Purpose", "prefetch"],
      ["Sec-Speculation-Tags", "null"],
      [
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8",
      ],
      ["sec-ch-ua", '"Not:A-Brand";v="8", "Chromium";v="156"'],
      ["sec-ch-ua-mobile", "?0"],
      ["sec-ch-ua-platform", '"Linux"'],
      ["Sec-Fetch-Site", "none"],
      ["Sec-Fetch-Mode", "navigate"],
      ["Sec-Fetch-Dest", "document"],
      [
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
      ],
      ["Accept-Encoding", "gzip, deflate, br, zstd"],
      ["Accept-Language", "en-US,en;q=0.9"],
    ],
  },
  {
    who: "Firefox 114, a prefetch",
    source: "MDN, Sec-Purpose: X-Moz before it",
    gets: "page",
    headers: [
      ["User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/114.0"],
      ["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"],
      ["Accept-Language", "en-US,en;q=0.5"],
      ["Accept-Encoding", "gzip, deflate, br"],
      ["X-Moz", "prefetch"],
    ],
  },
  {
    who: "Firefox 114, a prefetch that would download",
    source: "MDN, Sec-Purpose: X-Moz before it",
    gets: "nothing",
    query: "?download=1",
    headers: [
      ["User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/114.0"],
      ["Accept", "*/*"],
      ["Accept-Language", "en-US,en;q=0.5"],
      ["X-Moz", "prefetch"],
    ],
  },
  {
    who: "Safari 15, before Fetch Metadata",
    source: "MDN, Sec-Fetch-Mode: Safari has it from 16.4",
    gets: "page",
    headers: [
      ["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
      [
        "User-Agent",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.6 Safari/605.1.15",
      ],
      ["Accept-Language", "en-GB,en;q=0.9"],
      ["Accept-Encoding", "gzip, deflate, br"],
      ["Connection", "keep-alive"],
    ],
  },
  {
    who: "Lynx",
    source: "recorded from Lynx 2.9.0dev.12",
    gets: "page",
    headers: [
      ["Accept", "text/html, text/plain, text/sgml, text/css, */*;q=0.01"],
      ["Accept-Language", "en"],
      ["User-Agent", "Lynx/2.9.0dev.12 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.7.8"],
    ],
  },
  {
    who: "w3m",
    source: "recorded from w3m 0.5.3",
    gets: "page",
    headers: [
      ["User-Agent", "w3m/0.5.3+git20230121"],
      ["Accept", "text/html, text/*;q=0.5, image/*, application/*, x-scheme-handler/*"],
      ["Accept-Encoding", "gzip, compress, bzip, bzip2, deflate"],
      ["Accept-Language", "en;q=1.0"],
    ],
  },
  {
    who: "curl that wants HTML",
    source: "curl 7.88.1 with -H",
    gets: "page",
    headers: [
      ["User-Agent", "curl/7.88.1"],
      ["Accept", "text/html"],
    ],
  },
  {
    who: "curl that downloads",
    source: "recorded from curl 7.88.1",
    gets: "bytes",
    query: "?download=1",
    headers: [
      ["User-Agent", "curl/7.88.1"],
      ["Accept", "*/*"],
    ],
  },
  {
    who: "Slack",
    source: "monperrus/crawler-user-agents; api.slack.com/robots",
    gets: "preview",
    headers: [
      ["User-Agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"],
      ["Accept", "*/*"],
      ["Range", "bytes=0-32768"],
      ["Accept-Encoding", "gzip"],
    ],
  },
  {
    who: "Slack's images",
    source: "monperrus/crawler-user-agents",
    gets: "preview",
    headers: [
      ["User-Agent", "Slack-ImgProxy 1.138 (+https://api.slack.com/robots)"],
      ["Accept", "*/*"],
    ],
  },
  {
    who: "Microsoft Teams and Skype",
    source: "a log of April 2023 in wunderwuzzi's notes on exfiltration by previews",
    gets: "preview",
    headers: [
      [
        "User-Agent",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
      ],
    ],
  },
  {
    who: "WhatsApp",
    source: "monperrus/crawler-user-agents",
    gets: "preview",
    headers: [
      ["User-Agent", "WhatsApp/2.23.20.0 A"],
      ["Accept", "*/*"],
      ["Accept-Encoding", "identity"],
    ],
  },
  {
    who: "Telegram",
    source: "farjadp/Gheychi-Premium#4",
    gets: "preview",
    headers: [
      ["User-Agent", "TelegramBot (like TwitterBot)"],
      ["Accept", "*/*"],
      ["Accept-Encoding", "deflate, gzip"],
    ],
  },
  {
    who: "Discord",
    source: "monperrus/crawler-user-agents",
    gets: "preview",
    headers: [["User-Agent", "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"]],
  },
  {
    who: "Facebook",
    source: "monperrus/crawler-user-agents",
    gets: "preview",
    headers: [
      ["User-Agent", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"],
      ["Accept", "*/*"],
      ["Accept-Encoding", "deflate, gzip"],
      ["Range", "bytes=0-524287"],
    ],
  },
  {
    who: "iMessage",
    source: "monperrus/crawler-user-agents",
    gets: "preview",
    headers: [
      [
        "User-Agent",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
      ],
      ["Accept", "*/*"],
      ["Accept-Language", "en-US"],
    ],
  },
  {
    who: "X",
    source: "monperrus/crawler-user-agents",
    gets: "preview",
    headers: [
      ["User-Agent", "Twitterbot/1.0"],
      ["Accept", "*/*"],
    ],
  },
  {
    who: "LinkedIn",
    source: "monperrus/crawler-user-agents",
    gets: "preview",
    headers: [
      ["User-Agent", "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)"],
      ["Accept", "*/*"],
    ],
  },
  {
    who: "Matrix",
    source: "matrix-org/synapse, synapse/media/url_previewer.py",
    gets: "preview",
    headers: [
      ["User-Agent", "Synapse (bot; +https://github.com/matrix-org/synapse)"],
      ["Accept", "*/*"],
    ],
  },
  {
    who: "Zulip",
    source: "zulip/zulip, zerver/lib/url_preview/preview.py",
    gets: "preview",
    headers: [
      ["User-Agent", "Mozilla/5.0 (compatible; ZulipURLPreview/8.4; +https://chat.example.com)"],
      ["Accept", "*/*"],
    ],
  },
  {
    who: "Bluesky",
    source: "monperrus/crawler-user-agents",
    gets: "preview",
    headers: [
      ["User-Agent", "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)"],
      ["Accept", "*/*"],
    ],
  },
  {
    who: "ChatGPT, asked of the link",
    source: "https://platform.openai.com/docs/bots",
    gets: "preview",
    headers: [
      [
        "User-Agent",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot",
      ],
      ["Accept", "*/*"],
    ],
  },
  {
    who: "Excel, before the browser",
    source: "superuser.com/questions/1359127",
    gets: "preview",
    headers: [
      [
        "User-Agent",
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; .NET4.0C; .NET4.0E; ms-office)",
      ],
      ["Accept", "*/*"],
    ],
  },
  {
    who: "Viber",
    source: "WhichBrowser/Parser-PHP#261",
    gets: "preview",
    headers: [
      ["User-Agent", "Viber/12.7.1.27 CFNetwork/1121.2.2 Darwin/19.3.0"],
      ["Accept", "*/*"],
    ],
  },
  {
    who: "Viber's own browser",
    source: "WhichBrowser/Parser-PHP#261",
    gets: "page",
    headers: [
      [
        "User-Agent",
        "Mozilla/5.0 (Linux; Android 9; SM-G955U Build/PPR1.180610.011; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/79.0.3945.93 Mobile Safari/537.36 Viber/12.1.0.11",
      ],
      ["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,image/apng,*/*;q=0.8"],
      ["Accept-Language", "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7"],
    ],
  },
  {
    who: "Mastodon",
    source: "monperrus/crawler-user-agents",
    gets: "preview",
    headers: [["User-Agent", "http.rb/5.1.1 (Mastodon/4.2.1; +https://mastodon.social/)"]],
  },
  {
    who: "Googlebot",
    source: "monperrus/crawler-user-agents",
    gets: "preview",
    headers: [
      ["User-Agent", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"],
      [
        "Accept",
        "text/html,application/xhtml+xml,application/signed-exchange;v=b3,application/xml;q=0.9,*/*;q=0.8",
      ],
    ],
  },
  {
    who: "bingbot",
    source: "monperrus/crawler-user-agents",
    gets: "preview",
    headers: [
      ["User-Agent", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"],
      ["Accept", "*/*"],
    ],
  },
  {
    who: "Gmail's images",
    source: "monperrus/crawler-user-agents",
    gets: "preview",
    headers: [
      [
        "User-Agent",
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
      ],
    ],
  },
  {
    who: "Barracuda Link Protection",
    source: "campus.barracuda.com: links are clicked; Barracuda in the agent",
    gets: "preview",
    headers: [
      ["User-Agent", "Barracuda Sentinel (EE)"],
      ["Accept", "*/*"],
    ],
  },
  {
    who: "W3C Link Checker",
    source: "monperrus/crawler-user-agents",
    gets: "preview",
    headers: [
      ["User-Agent", "W3C-checklink/4.81 libwww-perl/6.02"],
      ["Accept-Encoding", "gzip"],
    ],
  },
  {
    who: "lychee",
    source: "lycheeverse/lychee, DEFAULT_USER_AGENT",
    gets: "preview",
    headers: [
      ["User-Agent", "lychee/0.15.1"],
      ["Accept", "*/*"],
    ],
  },
  {
    who: "W3C Link Checker, by HEAD",
    source: "monperrus/crawler-user-agents",
    gets: "preview",
    method: "HEAD",
    headers: [["User-Agent", "W3C-checklink/4.81 libwww-perl/6.02"]],
  },
];
