/**
 * The same object for the same numbers.
 *
 * A network runs an assignment of rules that it is given again from a recording: what is made anew at every call it cannot know again.
 */
export function remembered<Numbers extends readonly number[], Made>(
  make: (...numbers: Numbers) => Made,
): (...numbers: Numbers) => Made {
  const made = new Map<string, Made>();
  return (...numbers) => {
    const key = numbers.map((number) => (Object.is(number, -0) ? '-0' : number)).join();
    const known = made.get(key) ?? make(...numbers);
    made.set(key, known);
    return known;
  };
}
