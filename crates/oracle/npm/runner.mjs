// The library, corrected to do what GitHub's runner does, one named correction at a time.
//
// A difference between Lockgate and the library counts as explained only when one of these, or all together, make it
// disappear. What each is about, and why the runner is right, is in src/expressions/explanation.rs.

import { Evaluator, Lexer, Parser, data, wellKnownFunctions } from "@actions/expressions";
import { Binary, FunctionCall, Grouping, IndexAccess, Logical, Star, Unary } from "@actions/expressions/ast";
import { TokenType } from "@actions/expressions/lexer";
import { equals } from "@actions/expressions/result";

const { Dictionary, Kind, NumberData, StringData } = data;

let active = new Set();
const on = (name) => active.has(name);

/** Makes these corrections hold from now on. */
export function correct(names) {
  active = new Set(names);
}

// The white space of .NET, which is not that of JavaScript.
const SPACE = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const TEXT_OR_SPACE = new RegExp(`'(?:[^']|'')*(?:'|$)|[${SPACE}]`, "g");
const AROUND = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "g");

class RunnerLexer extends Lexer {
  consumeString() {
    super.consumeString();
    const token = this.tokens.at(-1);
    if (on("doubled-quotes")) token.value = token.lexeme.slice(1, -1).replaceAll("''", "'");
  }
}

/** Returns the tokens of an expression. */
export function lex(expr) {
  const plain = on("white-space") ? expr.replace(TEXT_OR_SPACE, (found) => (found.length > 1 || found === "'" ? found : " ")) : expr;
  return new RunnerLexer(plain).lex().tokens;
}

class RunnerParser extends Parser {
  incrDepth() {
    if (!on("depth")) super.incrDepth();
  }
  decrDepth() {
    if (!on("depth")) super.decrDepth();
  }
}

function height(node) {
  if (node instanceof Grouping) return height(node.group);
  const below = children(node);
  return 1 + Math.max(0, ...below.map(height));
}

function children(node) {
  if (node instanceof Binary) return [node.left, node.right];
  if (node instanceof Unary) return [node.expr];
  if (node instanceof FunctionCall) return node.args;
  if (node instanceof IndexAccess) return node.index instanceof Star ? [node.expr] : [node.expr, node.index];
  if (node instanceof Logical) return node.args.flatMap((part) => flat(part, node.operator.type));
  return [];
}

function flat(node, type) {
  if (node instanceof Grouping) return flat(node.group, type);
  if (node instanceof Logical && node.operator.type === type) return children(node);
  return [node];
}

/** Returns the tree of tokens. */
export function parse(tokens, contexts, functions) {
  const known = new Set([...Object.keys(wellKnownFunctions), ...functions.map((item) => item.name.toLowerCase())]);
  tokens.forEach((token, at) => {
    const next = tokens[at + 1]?.type;
    if (on("trailing-comma") && token.type === TokenType.COMMA && next === TokenType.RIGHT_PAREN) {
      throw new Error("a comma and nothing behind it");
    }
    const isCall = token.type === TokenType.IDENTIFIER && next === TokenType.LEFT_PAREN;
    if (on("names") && isCall && tokens[at - 1]?.type !== TokenType.DOT && !known.has(token.lexeme.toLowerCase())) {
      throw new Error("an unknown function");
    }
  });
  const tree = new RunnerParser(tokens, contexts, functions).parse();
  if (on("depth") && tree !== undefined && height(tree) > 50) throw new Error("too deep");
  return tree;
}

/** An argument that has no value; only who looks at it is told. */
class Unevaluated {
  constructor(error) {
    this.error = error;
  }
  get kind() {
    throw this.error;
  }
  get primitive() {
    throw this.error;
  }
  coerceString() {
    throw this.error;
  }
}

const LAZY = new Set(["case", "contains", "endswith", "format", "join", "startswith"]);
const constant = (value) => ({ accept: () => value });

class RunnerEvaluator extends Evaluator {
  visitFunctionCall(call) {
    const name = call.functionName.lexeme.toLowerCase();
    if (!on("eager-arguments") || !LAZY.has(name)) return super.visitFunctionCall(call);
    const args = call.args.map((arg) => {
      try {
        return this.eval(arg);
      } catch (error) {
        return new Unevaluated(error);
      }
    });
    const needsSeparator = () => args[0].kind === Kind.Array && args[0].values().length > 1;
    if (name === "join" && args.length === 2 && !needsSeparator()) args.pop();
    const result = super.visitFunctionCall({ functionName: call.functionName, args: args.map(constant) });
    if (result instanceof Unevaluated) throw result.error;
    return result;
  }

  visitIndexAccess(access) {
    if (!on("eager-arguments")) return super.visitIndexAccess(access);
    const base = this.eval(access.expr);
    const isCollection = base.kind === Kind.Array || base.kind === Kind.Dictionary;
    if (!isCollection && !(access.index instanceof Star)) return new data.Null();
    return super.visitIndexAccess({ expr: constant(base), index: access.index });
  }

  visitBinary(binary) {
    if (!on("case")) return super.visitBinary(binary);
    const [left, right] = [this.eval(binary.left), this.eval(binary.right)];
    if (left.kind !== Kind.String || right.kind !== Kind.String) {
      return super.visitBinary({ operator: binary.operator, left: constant(left), right: constant(right) });
    }
    return new data.BooleanData(compared(binary.operator.type, fold(left.value), fold(right.value)));
  }
}

function compared(operator, left, right) {
  switch (operator) {
    case TokenType.EQUAL_EQUAL:
      return left === right;
    case TokenType.BANG_EQUAL:
      return left !== right;
    case TokenType.GREATER:
      return left > right;
    case TokenType.GREATER_EQUAL:
      return left >= right;
    case TokenType.LESS:
      return left < right;
    default:
      return left <= right;
  }
}

/** Returns the value of a tree. */
export function evaluate(tree, contexts, functions) {
  const all = new Map(functions);
  for (const [name, call] of Object.entries(FUNCTIONS)) all.set(name, { call });
  return new RunnerEvaluator(tree, contexts, all).evaluate();
}

function fold(text) {
  return Array.from(text, (character) => {
    if (character === "ı") return character;
    const single = (other) => (Array.from(other).length === 1 ? other : undefined);
    return single(character.toUpperCase()) ?? single(character.toLowerCase()) ?? character;
  }).join("");
}

const nameOf = (key) => (on("case") ? fold(key).replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : key.toLowerCase());
const places = new WeakMap();
const { add, get, pairs } = Dictionary.prototype;

Dictionary.prototype.add = function (key, value) {
  if (!on("names") && !on("case")) return add.call(this, key, value);
  if (!places.has(this)) places.set(this, new Map());
  const [map, name] = [places.get(this), nameOf(key)];
  if (!map.has(name) && (on("names") || !(name in {}))) {
    map.set(name, this.v.length);
    this.keys.push(key);
    this.v.push(value);
  } else if (on("names")) {
    this.v[map.get(name)] = value;
  }
};

Dictionary.prototype.get = function (key) {
  const map = places.get(this);
  return map ? this.v[map.get(nameOf(key))] : get.call(this, key);
};

Dictionary.prototype.pairs = function () {
  return places.has(this) ? this.keys.map((key, at) => ({ key, value: this.v[at] })) : pairs.call(this);
};

const { coerceString } = NumberData.prototype;
NumberData.prototype.coerceString = function () {
  return on("number-text") ? general(this.value) : coerceString.call(this);
};

/** Returns a number with 15 digits, as .NET's format G15. */
function general(value) {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return String(value);
  const [mantissa, exponent] = Math.abs(value).toExponential(14).split("e");
  const digits = mantissa.replace(".", "").replace(/0+$/, "");
  const sign = value < 0 ? "-" : "";
  const power = Number(exponent);
  if (power <= -5 || power >= 15) {
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${sign}${digits[0]}${rest}E${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${digits}`;
  const [whole, rest] = [digits.slice(0, power + 1).padEnd(power + 1, "0"), digits.slice(power + 1)];
  return sign + whole + (rest ? `.${rest}` : "");
}

const { number } = StringData.prototype;
StringData.prototype.number = function () {
  return on("numbers") ? numberOf(this.value.replace(AROUND, "")) : number.call(this);
};

function numberOf(text) {
  const radix = /^0x[0-9a-f]+$/i.test(text) ? 16 : /^0o[0-7]+$/i.test(text) ? 8 : 10;
  if (radix === 10) return /^[-+.\d]|^Infinity$|^$/.test(text) && !/^0b/i.test(text) ? Number(text) : NaN;
  const value = parseInt(text.slice(2), radix);
  return /^0[XO]/.test(text) || value > 0xffffffff ? NaN : value | 0;
}

/** Returns the value that JSON holds. */
export function read(text) {
  const plain = on("names") ? text.replace(/"(?:[^"\\]|\\.)*"(\s*:)?/g, (found, colon) => (colon ? `"\ue000${found.slice(1)}` : found)) : text;
  return JSON.parse(plain, (key, value) => {
    if (value instanceof Object && !Array.isArray(value) && value.kind === undefined) {
      const fields = Object.keys(value).map((name) => ({ key: formed(name.replace("\ue000", "")), value: value[name] }));
      return new Dictionary(...fields);
    }
    return data.reviver(key, typeof value === "string" ? formed(value) : value);
  });
}

// A half of a pair of surrogates is no text for who reads the answers. (Node 18 has no `toWellFormed`.)
export const wellFormed = (text) => (/[\ud800-\udfff]/.test(text) ? Buffer.from(text).toString() : text);

const formed = (text) => (on("surrogates") ? wellFormed(text) : text);

function depth(text) {
  let [now, most] = [0, 0];
  for (const sign of text.replace(/"(?:[^"\\]|\\.)*"/g, "")) {
    now += Number("[{".includes(sign)) - Number("]}".includes(sign));
    most = Math.max(most, now);
  }
  return most;
}

function written(key, value) {
  if (on("number-text") && value instanceof NumberData) return `\u0001${value.coerceString()}\u0001`;
  if (on("names") && value instanceof Dictionary) {
    return Object.fromEntries(value.pairs().map((pair) => [`\ue000${pair.key}`, pair.value]));
  }
  return data.replacer(key, value);
}

const truth = (value) => new data.BooleanData(value);

// Matches texts by `works` when both arguments are primitive and the case is corrected.
function matching(name, works) {
  return (left, right) => {
    if (!on("case") || !left.primitive || !right.primitive) return wellKnownFunctions[name].call(left, right);
    return truth(works(fold(left.coerceString()), fold(right.coerceString())));
  };
}

const containsText = matching("contains", (text, part) => text.includes(part));
const same = (left, right) =>
  left.kind === Kind.String && right.kind === Kind.String ? fold(left.value) === fold(right.value) : equals(left, right);

const FUNCTIONS = {
  contains: (search, item) => {
    if (!on("case") || search.kind !== Kind.Array) return containsText(search, item);
    return truth(search.values().some((value) => same(item, value)));
  },
  startswith: matching("startswith", (text, part) => text.startsWith(part)),
  endswith: matching("endswith", (text, part) => text.endsWith(part)),
  format: (...args) => {
    for (const [, place, rest] of args[0].coerceString().matchAll(/\{\{|\}\}|\{(\d+)([^}]*)\}/g)) {
      if (on("format-places") && (rest || Number(place) > 255)) throw new Error("no such place");
    }
    return wellKnownFunctions.format.call(...args);
  },
  fromjson: (value) => {
    const text = value.coerceString();
    if (on("json-depth") && depth(text) > 64) throw new Error("too deep");
    return on("names") || on("surrogates") ? read(text) : wellKnownFunctions.fromjson.call(value);
  },
  tojson: (value) => {
    let text = JSON.stringify(value, written, "  ");
    text = text.replaceAll("\ue000", "").replace(/"\\u0001(.*?)\\u0001"/g, "$1");
    const escape = (sign) => `\\u${sign.codePointAt(0).toString(16).padStart(4, "0")}`;
    return new StringData(on("line-separators") ? text.replace(/[\x85\u2028\u2029]/g, escape) : text);
  },
};
