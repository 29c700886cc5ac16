// A translation has exactly the texts that English has; the compiler sees to it.

export type SameShape<Texts> = {
  [Key in keyof Texts]: Texts[Key] extends string ? string : SameShape<Texts[Key]>
}
