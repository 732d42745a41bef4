"""Holds every answer against the server's own OpenAPI description."""

import re

from jsonschema import Draft202012Validator, FormatChecker

DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")

_formats = FormatChecker()


@_formats.checks("date-time")
def _is_utc_time(value):
    return not isinstance(value, str) or DATE_TIME.fullmatch(value) is not None


class ContractBroken(AssertionError):
    pass


class Contract:
    def __init__(self, document):
        self.document = document
        self._paths = [(self._path_pattern(path), path) for path in document["paths"]]
        # `/v1/courses/mine` before `/v1/courses/{id}`: fewer parameters first.
        self._paths.sort(key=lambda entry: entry[1].count("{"))
        self._validators = {}

    @staticmethod
    def _path_pattern(path):
        return re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path)))

    def resolve(self, node):
        """Follows $ref until something else comes."""
        while isinstance(node, dict) and "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def path_of(self, target):
        path = target.split("?")[0]
        return next((name for pattern, name in self._paths if pattern.fullmatch(path)), None)

    def operation(self, method, target):
        path = self.path_of(target)
        return self.document["paths"][path].get(method.lower()) if path else None

    def check(self, answer):
        """Raises ContractBroken unless the path, method, status, media type and body are as described, and the body
        ends with a line feed."""
        if answer.body and not answer.body.endswith(b"\n"):
            raise ContractBroken(f"the body does not end with a line feed: {answer!r}")
        if answer.status == 404 and self.path_of(answer.target) is None:
            return
        operation = self.operation(answer.method, answer.target)
        if operation is None:
            if answer.status in (404, 405):
                return
            raise ContractBroken(f"undocumented: {answer!r}")
        responses = operation["responses"]
        documented = next((responses[key] for key in
                           (str(answer.status), f"{answer.status // 100}XX", "default") if key in responses), None)
        if documented is None:
            raise ContractBroken(f"status not documented: {answer!r}")
        documented = self.resolve(documented)
        self._check_headers(documented, answer)
        content = documented.get("content")
        if not content:
            if answer.body:
                raise ContractBroken(f"a body where none is documented: {answer!r}")
            return
        media = content.get(answer.media_type)
        if media is None:
            raise ContractBroken(f"media type not documented ({sorted(content)}): {answer!r}")
        if "json" in answer.media_type and "schema" in media:
            self._check_body(media["schema"], answer)

    def _check_headers(self, documented, answer):
        for name, header in documented.get("headers", {}).items():
            if self.resolve(header).get("required") and answer.header(name) is None:
                raise ContractBroken(f"documented header {name} is missing: {answer!r}")

    def _check_body(self, schema, answer):
        body = answer.json()
        errors = [f"{error.json_path}: {error.message[:300]}"
                  for error in self._validator(schema).iter_errors(body)]
        errors += [f"{where}: not documented" for where in self.undocumented(schema, body)]
        if errors:
            raise ContractBroken(f"{errors}: {answer!r}")

    def _validator(self, schema):
        key = id(schema)
        if key not in self._validators:
            # Local references resolve against the root, so the components travel with the schema.
            rooted = {"components": self.document.get("components", {}), "allOf": [schema]}
            self._validators[key] = Draft202012Validator(rooted, format_checker=_formats)
        return self._validators[key]

    def undocumented(self, schema, value, where="$"):
        """The members of `value` that no alternative of `schema` describes."""
        alternatives = list(self._alternatives(schema))
        if isinstance(value, list):
            items = [part["items"] for part in alternatives if "items" in part]
            for index, element in enumerate(value) if items else ():
                yield from self.undocumented({"anyOf": items}, element, f"{where}[{index}]")
        if not isinstance(value, dict):
            return
        described = [part for part in alternatives if "properties" in part]
        if not described or any(part.get("additionalProperties") not in (None, False) for part in alternatives):
            return
        for name, member in value.items():
            schemas = [part["properties"][name] for part in described if name in part["properties"]]
            if not schemas:
                yield f"{where}.{name}"
            else:
                yield from self.undocumented({"anyOf": schemas}, member, f"{where}.{name}")

    def _alternatives(self, schema):
        schema = self.resolve(schema)
        if not isinstance(schema, dict):
            return
        yield schema
        for combined in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(combined, ()):
                yield from self._alternatives(part)

    def faults(self):
        """What is wrong with the description itself."""
        yield from self._dangling_references(self.document, "#")
        for name, schema in self.document.get("components", {}).get("schemas", {}).items():
            try:
                Draft202012Validator.check_schema(schema)
            except Exception as error:  # jsonschema's error types differ between its versions
                yield f"schema {name}: {error}"

    def _dangling_references(self, node, where):
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                try:
                    self.resolve(node)
                except (KeyError, TypeError):
                    yield f"{where}: {node['$ref']} leads nowhere"
            for name, member in node.items():
                yield from self._dangling_references(member, f"{where}/{name}")
        elif isinstance(node, list):
            for index, member in enumerate(node):
                yield from self._dangling_references(member, f"{where}/{index}")
