# Small files of definitions to begin with, one a line: each thing of definitions.json alone, and one of each
# kind that it does not have. jq -c -f definitions.jq definitions.json
{vhosts: [{name: "/"}]} as $root
| (to_entries[] | select(.value | type == "array") | .key as $kind | .value[] | $root + {($kind): [.]}),
  ({name: "q", vhost: "/", durable: true, auto_delete: false} as $queue
   | {name: "x", vhost: "/", durable: true, auto_delete: false, internal: false} as $exchange
   | {source: "x", vhost: "/", destination: "q", destination_type: "queue", routing_key: "a.*.#", arguments: {}} as $binding
   | ({}, {"x-message-ttl": 60000}, {"x-max-priority": 5}, {"x-expires": 1, "x-max-length": 2, "x-overflow": "reject-publish"},
      {"x": {"y": [1, true, null, "z", 1.5, -9223372036854775808]}}) as $arguments
   | ("direct", "fanout", "topic", "headers") as $type
   | $root + {exchanges: [$exchange + {type: $type, arguments: {"alternate-exchange": "y"}}], queues: [$queue + {arguments: $arguments}],
        bindings: [$binding + {arguments: $arguments}, $binding + {destination: "x", destination_type: "exchange"}]}),
  ({name: "u", tags: ["administrator"]} as $user
   | $root + {users: [$user + ({password: "p"}, {password_hash: "pHf1Rk3q8q+1q8q8q8q8q8q8q8q8q8q8q8q8q8q8q8q8q8q8", hashing_algorithm:
        ("rabbit_password_hashing_sha256", "rabbit_password_hashing_sha512", "rabbit_password_hashing_md5")}, {password_hash: ""})],
      permissions: [{user: "u", vhost: "/", configure: "^(a|b)*$", write: "", read: ".*"}]})
