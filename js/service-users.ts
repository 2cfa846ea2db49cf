// What `tokenkeep/service` loads when it first acts for a user.

export { usersOf } from "./service/users.js";
