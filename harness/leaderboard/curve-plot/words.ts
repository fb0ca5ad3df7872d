/** What a picture of curves says in words: headline, description and provenance. */
import { type CurveView, measuresOf } from '../curves.ts';
import { formatMeasure, listText } from '../format.ts';

export function headline({ check, dataset, model }: CurveView): string {
  return `${check.title} · ${dataset.title} · ${model.title}`;
}

/** What the picture shows, for those who do not see it. */
export function alternative(view: CurveView): string {
  const { columns, panels, series } = view;
  const list = (name: string, titles: readonly string[]) =>
    titles.length === 0 ? [] : [` ${name}: ${titles.join('; ')}.`];
  const of = (isMethod: boolean) => series.filter((one) => one.isMethod === isMethod).map(({ title }) => title);
  return [
    `${headline(view)}: curves against the level (${view.level}), with 95 % intervals where there are enough trainings.`,
    ...list(
      'Columns',
      columns.map(({ title }) => title),
    ),
    ...list(
      'Rows',
      panels.map(({ title }) => title),
    ),
    ...list('Methods', of(true)),
    ...list('Controls', of(false)),
  ].join('');
}

/** The same with all figures. */
export function inWords(view: CurveView): string {
  const figures = view.panels.flatMap((panel) => [
    ` ${panel.title}.`,
    ...panel.lines.map((line) => {
      const values = line.points.map(({ level, measure }) => `${formatMeasure(measure)} at ${level}`);
      const names = [view.columns[line.column]?.title, view.series[line.series]?.title, panel.styles[line.style]];
      return ` ${names.join(', ')}: ${values.join('; ')}.`;
    }),
  ]);
  return alternative(view) + figures.join('');
}

/** Two lines: what is drawn, and of which run. */
export function provenance({ profile, engines, trainings, images, panels }: CurveView): readonly string[] {
  const hasBands = panels.some((panel) => measuresOf(panel).some(({ interval }) => interval !== null));
  const counts = `${listText(trainings.map(String))} ${trainings.at(-1) === 1 ? 'training' : 'trainings'}`;
  const many = images.length === 0 ? '' : `, ${listText(images.map(String))} test images`;
  return [
    `Means over ${counts}; ${hasBands ? 'bands: 95 % intervals of the mean' : 'too few for intervals'}.`,
    `Profile ${profile}, engine ${listText(engines)}${many}.`,
  ];
}
