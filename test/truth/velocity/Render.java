import com.jayway.jsonpath.JsonPath;
import com.jayway.jsonpath.PathNotFoundException;
import java.io.StringWriter;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.minidev.json.JSONValue;
import org.apache.commons.lang.StringEscapeUtils;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.VelocityEngine;

/**
 * Renders mapping templates in Apache Velocity: a JSON array of `{template, scope}` in, one of `{text, status, headers}`
 * or `{error}` out.
 */
public final class Render {
  public static void main(String[] args) throws Exception {
    VelocityEngine engine = new VelocityEngine();
    // Both are of one version and ignored by the other.
    engine.setProperty("runtime.log.logsystem.class", "org.apache.velocity.runtime.log.NullLogChute");
    // As in 1.7, where `Content-Type` is a name.
    engine.setProperty("parser.allow_hyphen_in_identifiers", "true");
    engine.init();
    List<Object> rendered = new ArrayList<>();
    for (Object one : (List<?>) JSONValue.parseKeepingOrder(Files.readString(Path.of(args[0])))) {
      rendered.add(render(engine, map(one)));
    }
    Files.writeString(Path.of(args[1]), JSONValue.toJSONString(rendered));
  }

  private static Map<String, Object> render(VelocityEngine engine, Map<String, Object> asked) {
    Map<String, Object> scope = map(asked.get("scope"));
    Map<String, Object> header = new LinkedHashMap<>();
    Map<String, Object> override = new LinkedHashMap<>(Map.of("header", header));
    Map<String, Object> context = new LinkedHashMap<>(map(scope.get("context")));
    context.put("responseOverride", override);
    VelocityContext all = new VelocityContext();
    all.put("input", new Input((String) scope.get("body"), map(scope.get("parameters"))));
    all.put("util", new Util());
    all.put("context", context);
    all.put("stageVariables", map(scope.get("stageVariables")));
    Map<String, Object> made = new LinkedHashMap<>();
    StringWriter text = new StringWriter();
    try {
      engine.evaluate(all, text, "template", (String) asked.get("template"));
      made.put("text", text.toString());
      made.put("status", override.get("status"));
      made.put("headers", header);
    } catch (Exception error) {
      made.put("error", String.valueOf(error.getMessage()));
    }
    return made;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Object value) {
    return (Map<String, Object>) value;
  }

  /** `$input`, as the mapping template reference has it. */
  public static final class Input {
    private final String body;
    private final Map<String, Object> parameters;

    Input(String body, Map<String, Object> parameters) {
      this.body = body;
      this.parameters = parameters;
    }

    public String getBody() {
      return body;
    }

    public Map<String, Object> params() {
      return parameters;
    }

    public String params(String name) {
      for (String where : List.of("path", "querystring", "header")) {
        for (Map.Entry<String, Object> one : map(parameters.get(where)).entrySet()) {
          boolean isNamed =
              where.equals("header") ? one.getKey().equalsIgnoreCase(name) : one.getKey().equals(name);
          if (isNamed) return (String) one.getValue();
        }
      }
      return "";
    }

    public Object path(String path) {
      try {
        return JsonPath.read(body.isEmpty() ? "{}" : body, path);
      } catch (PathNotFoundException missing) {
        return "";
      }
    }

    public String json(String path) {
      return JSONValue.toJSONString(path(path));
    }
  }

  /** `$util`. The reference words `escapeJavaScript` as Commons Lang does. */
  public static final class Util {
    public String escapeJavaScript(String text) {
      return StringEscapeUtils.escapeJavaScript(text);
    }

    public Object parseJson(String text) {
      return JSONValue.parseKeepingOrder(text);
    }

    public String urlEncode(String text) {
      return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    public String urlDecode(String text) {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    public String base64Encode(String text) {
      return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    public String base64Decode(String text) {
      return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    }
  }
}
