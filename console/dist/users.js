import { E as Loaded, N as isPlatform, X as place, at as graphql, n as mayChange, ot as ask, x as useAsk } from "./shared.js";
import { A as texts, S as roles, T as List, b as RoleOf, k as Create, w as someone, x as Who, y as NewKey } from "./work.js";
import { useSignal } from "@preact/signals";
import { jsx } from "preact/jsx-runtime";
import { useEffect } from "preact/hooks";
// src/pages/users.tsx
var where = graphql("query WhereUsers($id: ObjectID!) { getAccount(id: $id) { rawID name timezone role } }"), list = graphql("query Users($id: ObjectID!, $after: String) {\n    getAccount(id: $id) { users(first: 20, after: $after) { totalCount nodes { role user { ...Someone } } pageInfo { hasNextPage endCursor } } }\n  }", [someone]), create = graphql("mutation CreateUser($input: CreateUserInput!) { createUser(input: $input) { user { id } } }");
function Users({ route }) {
	let t = texts.value.admin, id = route.account, round = useSignal(0), asked = useAsk(where, { id }, round.value), account = asked.data.value?.getAccount, done = () => void round.value++;
	return useEffect(() => {
		account && (place.value = {
			account,
			zone: account.timezone,
			role: account.role
		});
	}, [account]), /* @__PURE__ */ jsx(Loaded, {
		of: asked,
		children: () => mayChange("account", account?.role) ? /* @__PURE__ */ jsx(List, {
			title: texts.value.nav.users,
			tools: isPlatform.value && /* @__PURE__ */ jsx(Create, {
				label: t.user,
				fields: {
					"email*": [],
					firstName: [],
					lastName: [],
					partnerUserId: [],
					"role*": roles
				},
				work: ({ role, ...input }) => ask(create, { input: {
					...input,
					accounts: [{
						accountId: id,
						role
					}]
				} }).then(done)
			}),
			document: list,
			variables: { id },
			round: round.value,
			of: (data) => data.getAccount?.users,
			head: [
				t.name,
				t.id,
				t.role,
				...isPlatform.value ? [t.key] : []
			],
			none: /* @__PURE__ */ jsx("p", { children: t.none }),
			row: ({ role, user }) => [
				/* @__PURE__ */ jsx(Who, { of: user }),
				user.rawID,
				/* @__PURE__ */ jsx(RoleOf, {
					account: id,
					user,
					role,
					done
				}, `${user.id} ${role}`),
				...isPlatform.value ? [/* @__PURE__ */ jsx(NewKey, { of: user })] : []
			]
		}) : /* @__PURE__ */ jsx("p", {
			class: "note",
			children: t.admins
		})
	});
}
export { Users };
