import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.File;
import software.amazon.event.ruler.Machine;

/** Reads `[{pattern, event}]` from one file and writes to the other what each is: true, false, or why it is refused. */
public class Match {
  public static void main(String[] files) throws Exception {
    ObjectMapper json = new ObjectMapper();
    ArrayNode answers = json.createArrayNode();
    for (JsonNode asked : json.readTree(new File(files[0]))) {
      try {
        Machine machine = new Machine();
        machine.addRule("rule", asked.get("pattern").toString());
        answers.add(!machine.rulesForJSONEvent(asked.get("event").toString()).isEmpty());
      } catch (Exception refused) {
        answers.add(String.valueOf(refused.getMessage()));
      }
    }
    json.writeValue(new File(files[1]), answers);
  }
}
