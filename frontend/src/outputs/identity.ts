// Numbers for objects, so that a list can tell when one is another.

const numbers = new WeakMap<object, number>()
let next = 1

export function identityOf(thing: object): number {
  const known = numbers.get(thing) ?? next++
  numbers.set(thing, known)
  return known
}
