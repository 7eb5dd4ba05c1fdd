/** Where moto's DynamoDB differs from AWS: in what, and what tells of AWS. Names are those of the cases. */
import { type Difference, differencesOf } from "./differences.ts";

const GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide";
const REFERENCE = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference";
const SCYLLA = "https://github.com/scylladb/scylladb";
/** What AWS documents nowhere: Scylla's tests of its DynamoDB API, each of which passes on AWS. */
const ALTERNATOR = `${SCYLLA}/tree/master/test/alternator`;

const differences: readonly Difference[] = [
  {
    how: "answers 500 to what is a 400 with its error's name",
    documented: `${GUIDE}/Programming.Errors.html`,
    cases: [
      "conditions: doesn't hold: n < :a",
      "conditions: refused: n = :a AND n < :z",
      "conditions: refused: #n = :a",
      "conditions: refused: n > :a",
      "conditions: refused: n BETWEEN :a AND :b (2)",
      "updates: SET x = (:a + :b) on {}",
      "items: refused: PutItem: Value null at 'tableName' failed to satisfy constraint: Member must not be null",
      "items: refused: PutItem: Value null at 'item'",
      "items: refused: PutItem: Unexpected value type in payload",
      "items: refused: PutItem: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
      "items: refused: PutItem: ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for key :a",
      "items: refused: BatchWriteItem: exactly one of PutRequest and DeleteRequest",
      'queries: refused: {"KeyConditionExpression":"pk = :p OR sk = :p"}: Invalid operator used in KeyConditionExpression: OR',
      'queries: refused: {"KeyConditionExpression":"pk = :p AND sk <> :p"}: Invalid operator used in KeyConditionExpression: <>',
      'queries: refused: {"KeyConditionExpression":"pk = :p AND NOT sk = :p"}: Invalid operator used in KeyConditionExpression: NOT',
      "transactions: refused: an entry of nothing",
    ],
  },
  {
    how: "answers 500 to an update without an expression",
    documented: `${REFERENCE}/API_UpdateItem.html`,
    cases: ["updates: without an expression creates the item"],
  },
  {
    how: "finds no bytes within bytes",
    documented: `${GUIDE}/Expressions.OperatorsAndFunctions.html`,
    cases: ["conditions: holds: begins_with(b, :a)", "conditions: holds: contains(b, :a)"],
  },
  {
    how: "knows no parentheses around an operand",
    documented: `${GUIDE}/Expressions.OperatorsAndFunctions.html`,
    cases: ["conditions: holds: (n) = (:a)"],
  },
  {
    how: "refuses the size of a number, which has none",
    documented: `${GUIDE}/Expressions.OperatorsAndFunctions.html`,
    cases: ["conditions: doesn't hold: size(n) = :a"],
  },
  {
    how: "takes a name that needs a placeholder",
    documented: `${GUIDE}/Expressions.ExpressionAttributeNames.html`,
    cases: ["conditions: refused: _n = :a"],
  },
  {
    how: "doesn't look at the types of operands",
    documented: `${GUIDE}/Expressions.OperatorsAndFunctions.html`,
    cases: [
      "conditions: refused: begins_with(s, :a)",
      "conditions: refused: n < :a",
      "conditions: refused: attribute_type(n, :a)",
    ],
  },
  {
    how: "takes an operand beside itself and bounds in the wrong order",
    documented: ALTERNATOR,
    cases: ["conditions: refused: n = n", "conditions: refused: n BETWEEN :a AND :b"],
  },
  {
    how: "knows no limits of an expression",
    documented: `${GUIDE}/Constraints.html`,
    cases: [
      "conditions: refused: too long",
      "conditions: refused: too busy",
      "conditions: refused: a list too long",
    ],
  },
  {
    how: "knows no limit of depth",
    documented: `${GUIDE}/Constraints.html`,
    cases: ["items: refused: PutItem: Nesting Levels have exceeded supported limits"],
  },
  {
    how: "leaves values unused",
    documented: ALTERNATOR,
    cases: [
      "conditions: refused: n = :a: Value provided in ExpressionAttributeValues unused in expressions: keys: {:b, :c}",
      "items: refused: PutItem: ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null",
      "transactions: refused: an unused value",
    ],
  },
  {
    how: "takes no function within a function",
    documented: `${GUIDE}/Expressions.UpdateExpressions.html`,
    cases: ['updates: SET x = if_not_exists(y, if_not_exists(z, :a)) on {"z":2}'],
  },
  {
    how: "takes more than the grammar of updates",
    documented: `${GUIDE}/Expressions.UpdateExpressions.html`,
    cases: [
      'updates: refused: SET x = :a + :a + :a: Invalid UpdateExpression: Syntax error; token: "+"',
      "updates: refused: SET x = list_append(list_append(:a, :a), :a): The function is not allowed to be used this way in an expression; function: list_append",
    ],
  },
  {
    how: "sorts elements past a list's end by their place in the expression",
    documented: `${GUIDE}/Expressions.UpdateExpressions.html`,
    cases: ['updates: SET l[9] = :a, l[5] = :b on {"l":[1]}'],
  },
  {
    how: "reads what the same expression has changed already",
    documented: `${GUIDE}/Expressions.UpdateExpressions.html`,
    cases: ['updates: SET b = a REMOVE a[0] on {"a":[1,2]}'],
  },
  {
    how: "makes an item of an update that only takes away",
    documented: `${SCYLLA}/issues/5862`,
    cases: ["updates: REMOVE x on undefined", "updates: DELETE x :a on undefined"],
  },
  {
    how: "answers the whole document, not the part that was updated",
    documented: `${REFERENCE}/API_UpdateItem.html`,
    cases: ["updates: UPDATED_OLD of SET a.c[1] = :a", "updates: UPDATED_NEW of SET a.c[1] = :a, a.b = :b"],
  },
  {
    how: "answers an empty item for nothing",
    documented: `${REFERENCE}/API_UpdateItem.html`,
    cases: ["updates: UPDATED_NEW of REMOVE d"],
  },
  {
    how: "projects one element of a list only",
    documented: `${GUIDE}/Expressions.ProjectionExpressions.html`,
    cases: ["items: a projection takes parts, also of documents"],
  },
  {
    how: "takes names of tables of any length",
    documented: `${REFERENCE}/API_PutItem.html`,
    cases: ["items: refused: PutItem: Value 'a' at 'tableName' failed to satisfy constraint"],
  },
  {
    how: "takes malformed attribute values",
    documented: `${REFERENCE}/API_AttributeValue.html`,
    cases: [
      "items: refused: PutItem: Supplied AttributeValue has more than one datatypes set",
      "items: refused: PutItem: can not be converted to a Blob",
      "items: refused: PutItem: Input collection [1, 1] contains duplicates.",
    ],
  },
  {
    how: "lets an index's key be of another type",
    documented: `${GUIDE}/GSI.html`,
    cases: [
      "items: refused: PutItem: Type mismatch for Index Key due_pk Expected: S Actual: N IndexName: due",
    ],
  },
  {
    how: "doesn't look at a key's type",
    documented: `${GUIDE}/WorkingWithItems.html`,
    cases: ["items: refused: GetItem: The provided key element does not match the schema (3)"],
  },
  {
    how: "takes a text for a boolean",
    documented: `${REFERENCE}/API_GetItem.html`,
    cases: ["items: refused: GetItem: can not be converted to a Boolean"],
  },
  {
    how: "takes paths that overlap",
    documented: `${GUIDE}/Expressions.ProjectionExpressions.html`,
    cases: [
      "items: refused: GetItem: Invalid ProjectionExpression: Two document paths overlap with each other",
    ],
  },
  {
    how: "takes a batch of nothing",
    documented: `${REFERENCE}/API_BatchGetItem.html`,
    cases: ["items: refused: BatchGetItem: at 'requestItems'"],
  },
  {
    how: "takes two writes of one item in a batch",
    documented: `${REFERENCE}/API_BatchWriteItem.html`,
    cases: ["items: refused: BatchWriteItem: Provided list of item keys contains duplicates"],
  },
  {
    how: "wants the key on the left",
    documented: `${GUIDE}/Query.KeyConditionExpressions.html`,
    cases: ["queries: range: pk = :p AND :a < sk"],
  },
  {
    how: "leaves no key after a full page that is the last",
    documented: `${GUIDE}/Query.Pagination.html`,
    cases: ["queries: a page that is full leaves a key even at the end"],
  },
  {
    how: "gives what an index doesn't project",
    documented: `${GUIDE}/GSI.html`,
    cases: ["queries: an index refuses what it doesn't project"],
  },
  {
    how: "takes conditions that no query can have",
    documented: `${GUIDE}/Query.KeyConditionExpressions.html`,
    cases: [
      'queries: refused: {"KeyConditionExpression":"pk = :p AND pk = :p"}: KeyConditionExpressions must only contain one condition per key',
      'queries: refused: {"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":1}}: Condition parameter type does not match schema type',
    ],
  },
  {
    how: "filters by a key of the table",
    documented: `${GUIDE}/Query.FilterExpression.html`,
    cases: [
      'queries: refused: {"KeyConditionExpression":"pk = :p","FilterExpression":"sk = :p"}: Filter Expression can only contain non-primary key attributes: Primary key attribute: sk',
    ],
  },
  {
    how: "names a missing index by another error",
    documented: ALTERNATOR,
    cases: [
      'queries: refused: {"KeyConditionExpression":"pk = :p","IndexName":"nope"}: The table does not have the specified index: nope',
    ],
  },
  {
    how: "takes a limit of 0",
    documented: `${REFERENCE}/API_Query.html`,
    cases: [
      'queries: refused: {"KeyConditionExpression":"pk = :p","Limit":0}: Value \'0\' at \'limit\' failed to satisfy constraint: Member must have value greater than or equal to 1',
    ],
  },
  {
    how: "starts a page anywhere",
    documented: `${GUIDE}/Query.Pagination.html`,
    cases: [
      'queries: refused: {"KeyConditionExpression":"pk = :p","ExclusiveStartKey":{"pk":"x"}}: The provided starting key is invalid',
      'queries: refused: {"KeyConditionExpression":"pk = :p","ExclusiveStartKey":{"pk":"y","sk":"x"}}: The provided starting key is outside query boundaries based on provided conditions',
      'queries: refused: {"KeyConditionExpression":"pk = :p AND sk < :p","ExclusiveStartKey":{"pk":"x","sk":"x"}}: The provided starting key does not match the range key predicate',
    ],
  },
  {
    how: "refuses as a whole what cancels a transaction",
    documented: `${REFERENCE}/API_TransactWriteItems.html`,
    cases: ["transactions: is cancelled by an update that can't be applied"],
  },
  {
    how: "takes 25 reads at most",
    documented: `${REFERENCE}/API_TransactGetItems.html`,
    cases: ["transactions: takes 100 reads, and no more"],
  },
  {
    how: "knows no token of a transaction",
    documented: `${REFERENCE}/API_TransactWriteItems.html`,
    cases: [
      "transactions: is done once where it comes again with its token",
      "transactions: that is another one under the same token is refused",
    ],
  },
  {
    how: "projects nothing in a transaction",
    documented: `${REFERENCE}/API_TransactGetItems.html`,
    cases: ["transactions: that reads answers items in the order asked, with gaps"],
  },
  {
    how: "cancels a transaction for a missing table",
    documented: `${REFERENCE}/API_TransactWriteItems.html`,
    cases: ["transactions: on a table that isn't there is refused"],
  },
  {
    how: "takes a transaction of nothing",
    documented: `${REFERENCE}/API_TransactWriteItems.html`,
    cases: ["transactions: refused: no entries"],
  },
  {
    how: "knows no 4 MB",
    documented: `${REFERENCE}/API_TransactWriteItems.html`,
    cases: ["transactions: refused: more than 4 MB"],
  },
  {
    how: "puts a write that changes nothing into the stream",
    documented: `${GUIDE}/Streams.html`,
    cases: ["streams: says nothing of a write that changes nothing"],
  },
];

export const dynamodbDifferences = differencesOf(differences);
